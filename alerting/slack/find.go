package slack

import (
	"context"
	"errors"
	"fmt"
	"time"

	slackgo "github.com/slack-go/slack"

	"github.com/hookvigil/hookvigil/alerting"
)

// Bounds of looking for an earlier attempt.
const (
	findPages  = 5               // of findLimit messages each
	findLimit  = 200             // Slack advises at most that many
	findBefore = 5 * time.Minute // how far our clock may be ahead of Slack's
	findTries  = 4               // from this attempt on, a channel that cannot be read does not keep the message back
)

// find returns the ts of n's message when an earlier attempt made it, and the
// empty string when none is found. Without the scope to read, it finds
// nothing: a message twice is better than none.
func (r *Receiver) find(ctx context.Context, n alerting.Notice, root string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, r.cfg.Timeout)
	defer cancel()
	from, cursor := n.Created.Add(-findBefore), ""
	for range findPages {
		messages, next, failed := r.page(ctx, query{channel: r.channel(n), root: root, cursor: cursor, from: from})
		if failed != nil {
			return "", r.unread(n, failed)
		}
		for _, m := range messages {
			if m.Metadata.EventType == eventType && m.Metadata.EventPayload["idem"] == n.IdemKey {
				r.log.Info("earlier attempt had arrived", "notice", n.ID, "lane", n.Lane, "attempts", n.Attempts)
				return m.Timestamp, nil
			}
		}
		if cursor = next; cursor == "" {
			break
		}
	}
	return "", nil
}

// unread decides what becomes of n when the channel cannot be read: nil to
// post all the same.
func (r *Receiver) unread(n alerting.Notice, failed *alerting.SendError) error {
	switch failed.Class {
	case alerting.ClassLimited, alerting.ClassTransient, alerting.ClassAmbiguous:
		if n.Attempts < findTries {
			return failed
		}
	default: // it will never be readable; whether posting works, posting tells
	}
	r.log.Warn("channel cannot be read: a message may appear twice", "notice", n.ID, "lane", n.Lane, "error", failed)
	return nil
}

// query asks for one page of a channel, or of a thread in it.
type query struct {
	channel string
	root    string // of the thread; empty: the channel itself
	cursor  string
	from    time.Time
}

func (r *Receiver) page(ctx context.Context, q query) ([]slackgo.Message, string, *alerting.SendError) {
	x := r.exchange()
	oldest := fmt.Sprintf("%d.%06d", max(0, q.from.Unix()), q.from.Nanosecond()/1000)
	if q.root != "" {
		messages, _, next, err := x.api(r.cfg).GetConversationRepliesContext(ctx, &slackgo.GetConversationRepliesParameters{
			ChannelID: q.channel, Timestamp: q.root, Cursor: q.cursor, Oldest: oldest, Limit: findLimit, IncludeAllMetadata: true,
		})
		if err != nil {
			return nil, "", r.failure("conversations.replies", x, err)
		}
		return messages, next, nil
	}
	h, err := x.api(r.cfg).GetConversationHistoryContext(ctx, &slackgo.GetConversationHistoryParameters{
		ChannelID: q.channel, Cursor: q.cursor, Oldest: oldest, Limit: findLimit, IncludeAllMetadata: true,
	})
	if err == nil && h == nil {
		err = errors.New("the answer is empty")
	}
	if err != nil {
		return nil, "", r.failure("conversations.history", x, err)
	}
	return h.Messages, h.ResponseMetaData.NextCursor, nil
}
