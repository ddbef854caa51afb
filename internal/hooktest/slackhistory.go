package hooktest

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
)

// How many messages a page holds: unless asked for, and at most.
const (
	slackPage    = 100
	slackMaxPage = 999
)

// cursorPrefix stands before a ts in the cursor of the next page.
const cursorPrefix = "next_ts:"

// historyLocked shows the messages of a channel, newest first.
func (s *Slack) historyLocked(args slackArgs) slackReply {
	room, no := s.readableLocked(args)
	if room == nil {
		return no
	}
	var shown []*slackPost
	for _, p := range slices.Backward(room.posts) {
		if p.Thread == "" || p.Broadcast {
			shown = append(shown, p)
		}
	}
	return pageOf(shown, args, true)
}

// repliesLocked shows a thread, its parent first.
func (s *Slack) repliesLocked(args slackArgs) slackReply {
	room, no := s.readableLocked(args)
	if room == nil {
		return no
	}
	parent := room.byTS[args["ts"]]
	if parent == nil {
		return refused("thread_not_found")
	}
	root := orElse(parent.Thread, parent.TS)
	var shown []*slackPost
	for _, p := range room.posts {
		if p.TS == root || p.Thread == root {
			shown = append(shown, p)
		}
	}
	return pageOf(shown, args, false)
}

func (s *Slack) readableLocked(args slackArgs) (*slackRoom, slackReply) {
	room := s.book.rooms[args["channel"]] // by ID alone
	switch {
	case room == nil:
		return nil, refused("channel_not_found")
	case room.NotMember:
		return nil, refused("not_in_channel")
	default:
		return room, slackReply{}
	}
}

// pageOf cuts the page that args ask for out of posts.
func pageOf(posts []*slackPost, args slackArgs, newestFirst bool) slackReply {
	keep, word := within(args)
	if word != "" {
		return refused(word)
	}
	limit := slackPage
	if args["limit"] != "" {
		n, err := strconv.Atoi(args["limit"])
		if err != nil || n < 1 {
			return refused("invalid_limit")
		}
		limit = min(n, slackMaxPage)
	}
	after, word := fromCursor(args["cursor"])
	if word != "" {
		return refused(word)
	}
	views, next, last := []map[string]any{}, "", ""
	for _, p := range posts {
		if after != "" && (p.TS == after || p.TS > after == newestFirst) || !keep(p.TS) {
			continue
		}
		if len(views) == limit {
			next = base64.StdEncoding.EncodeToString([]byte(cursorPrefix + last))
			break
		}
		last = p.TS
		views = append(views, p.view(args.yes("include_all_metadata")))
	}
	return accepted(map[string]any{
		"messages": views, "has_more": next != "", "pin_count": 0,
		"response_metadata": map[string]any{"next_cursor": next},
	})
}

func fromCursor(cursor string) (after, word string) {
	if cursor == "" {
		return "", ""
	}
	raw, err := base64.StdEncoding.DecodeString(cursor)
	after, ok := strings.CutPrefix(string(raw), cursorPrefix)
	if err != nil || !ok {
		return "", "invalid_cursor"
	}
	return after, ""
}

// within returns what keeps a ts between oldest and latest.
func within(args slackArgs) (keep func(ts string) bool, word string) {
	bound := func(name string) (int64, bool) {
		if args[name] == "" {
			return 0, true
		}
		return unstamp(args[name])
	}
	oldest, ok := bound("oldest")
	if !ok {
		return nil, "invalid_ts_oldest"
	}
	latest, ok := bound("latest")
	if !ok {
		return nil, "invalid_ts_latest"
	}
	inclusive := args.yes("inclusive")
	return func(ts string) bool {
		at, _ := unstamp(ts) // one of ours
		if inclusive && (at == oldest || at == latest) {
			return true
		}
		return at > oldest && (latest == 0 || at < latest)
	}, ""
}
