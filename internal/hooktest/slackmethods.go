package hooktest

import "strings"

// Who the bot is.
const (
	slackUser = "U0HOOKTEST"
	slackBot  = "B0HOOKTEST"
	slackApp  = "A0HOOKTEST"
	slackTeam = "T0HOOKTEST"
	slackHome = "https://hooktest.slack.test"
)

// processLocked does what a call asks for. It fills in what the call turned
// out to be about.
func (s *Slack) processLocked(call *SlackCall, args slackArgs) slackReply {
	switch call.Method {
	case SlackPost:
		return s.postLocked(call, args)
	case SlackUpdate:
		return s.updateLocked(call, args)
	case SlackHistory:
		return s.historyLocked(args)
	case SlackReplies:
		return s.repliesLocked(args)
	case SlackPermalink:
		return s.permalinkLocked(args)
	case SlackAuthTest:
		return accepted(map[string]any{
			"url": slackHome + "/", "team": "hooktest", "user": "hooktest",
			"team_id": slackTeam, "user_id": slackUser, "bot_id": slackBot, "is_enterprise_install": false,
		})
	case SlackWebhook:
		return s.hookLocked(call, args)
	case SlackConnect:
		return s.connectLocked()
	case SlackRespond:
		return s.answerLocked(call, args)
	default:
		return refused("unknown_method")
	}
}

func (s *Slack) postLocked(call *SlackCall, args slackArgs) slackReply {
	room := s.book.room(args["channel"])
	if room == nil {
		return refused("channel_not_found")
	}
	call.Channel = room.ID
	switch {
	case room.Archived:
		return refused("is_archived")
	case room.NotMember:
		return refused("not_in_channel")
	}
	p, no := s.storeLocked(call, room, args)
	if p == nil {
		return no
	}
	return accepted(map[string]any{"channel": room.ID, "ts": p.TS, "message": p.view(true)})
}

// storeLocked adds a message to room. It returns nil and what to say when
// there is something wrong with it.
func (s *Slack) storeLocked(call *SlackCall, room *slackRoom, args slackArgs) (*slackPost, slackReply) {
	v, no := readVersion(args, nil, call.At)
	if no.status != 0 {
		return nil, no
	}
	m := SlackMessage{Hook: call.Method == SlackWebhook, Versions: []SlackVersion{v}}
	if ts := args["thread_ts"]; ts != "" {
		parent := room.byTS[ts]
		if parent == nil {
			return nil, refused("thread_not_found")
		}
		m.Thread = orElse(parent.Thread, parent.TS) // a reply to a reply belongs to the same thread
		m.Broadcast = args.yes("reply_broadcast")
	}
	p := s.book.add(room, m)
	call.TS, call.Stored = p.TS, true
	return p, slackReply{}
}

func (s *Slack) updateLocked(call *SlackCall, args slackArgs) slackReply {
	room := s.book.room(args["channel"])
	if room == nil {
		return refused("channel_not_found")
	}
	call.Channel, call.TS = room.ID, args["ts"]
	p := room.byTS[args["ts"]]
	switch {
	case room.Archived:
		return refused("is_inactive")
	case room.NotMember:
		return refused("not_in_channel")
	case p == nil:
		return refused("message_not_found")
	case p.Hook:
		return refused("cant_update_message")
	}
	before := p.Latest()
	v, no := readVersion(args, &before, call.At)
	if no.status != 0 {
		return no
	}
	p.edit(v)
	s.book.stats.Edits++
	call.Stored = true
	return accepted(map[string]any{"channel": room.ID, "ts": p.TS, "text": v.Text, "message": p.view(true)})
}

// hookLocked serves an incoming webhook; the channel is known.
func (s *Slack) hookLocked(call *SlackCall, args slackArgs) slackReply {
	room := s.book.rooms[call.Channel]
	switch {
	case room == nil:
		return refused("channel_not_found")
	case room.Archived:
		return refused("channel_is_archived")
	}
	if p, no := s.storeLocked(call, room, args); p == nil {
		return no
	}
	return accepted(map[string]any{})
}

func (s *Slack) permalinkLocked(args slackArgs) slackReply {
	room := s.book.room(args["channel"])
	if room == nil {
		return refused("channel_not_found")
	}
	p := room.byTS[args["message_ts"]]
	if p == nil {
		return refused("message_not_found")
	}
	link := slackHome + "/archives/" + room.ID + "/p" + strings.Replace(p.TS, ".", "", 1)
	if p.Thread != "" {
		link += "?thread_ts=" + p.Thread + "&cid=" + room.ID
	}
	return accepted(map[string]any{"channel": room.ID, "permalink": link})
}
