package migrated

import (
	"context"
	"errors"
	"io"
	"sync/atomic"

	"google.golang.org/grpc"
	"migrated.internal/client/go/migratedv1"
)

var errBrokenOff = errors.New("a statement was given up, and the step with it")

// conversation is an ExecuteStep with the daemon about one run; how it goes stands at the head of execute.proto.
type conversation struct {
	stream   grpc.BidiStreamingClient[migratedv1.ExecuteStepRequest, migratedv1.ExecuteStepResponse]
	ctx      context.Context
	cancel   context.CancelCauseFunc
	incoming chan *migratedv1.ExecuteStepResponse
	// The step that is executed now.
	current atomic.Pointer[session]
	// Closed when the stream has ended; err is why, io.EOF where the daemon ended it well.
	ended chan struct{}
	err   error
}

func openConversation(ctx context.Context, api *API, runID string) (*conversation, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	stream, err := api.Migrations.ExecuteStep(ctx)
	if err != nil {
		cancel(nil)
		return nil, err
	}
	c := &conversation{
		stream: stream, ctx: ctx, cancel: cancel,
		incoming: make(chan *migratedv1.ExecuteStepResponse), ended: make(chan struct{}),
	}
	go c.read()
	open := &migratedv1.OpenExecutor{RunId: runID, Languages: []string{language}}
	c.say(&migratedv1.ExecuteStepRequest{Kind: &migratedv1.ExecuteStepRequest_Open{Open: open}})
	return c, nil
}

// read passes on what the daemon says, message by message: rows are not read ahead. That a step is over, and that the
// stream is, its session is told at once, whatever its body does just then.
func (c *conversation) read() {
	defer close(c.ended)
	for {
		said, err := c.stream.Recv()
		if err != nil {
			if c.err = err; context.Cause(c.ctx) == errBrokenOff {
				c.err = own(ReasonStreamLost, "%v", errBrokenOff)
			}
			if session := c.current.Load(); session != nil {
				session.over(c.lostStep())
			}
			return
		}
		if step := said.GetStep(); step != nil {
			c.current.Store(newSession(c.ctx, c, stepOf(step)))
		}
		if failed := said.GetStepFailed(); failed != nil {
			if session := c.current.Load(); session != nil {
				session.over(fromFailure(failed.GetFailure()))
			}
		}
		select {
		case c.incoming <- said:
		case <-c.ctx.Done():
		}
	}
}

// next returns what the daemon says next.
func (c *conversation) next() (*migratedv1.ExecuteStepResponse, error) {
	select {
	case said := <-c.incoming:
		return said, nil
	case <-c.ended:
		return nil, c.err
	}
}

// say sends. A stream that takes nothing any more has ended, which its reader tells, and why.
func (c *conversation) say(request *migratedv1.ExecuteStepRequest) { _ = c.stream.Send(request) }

// lostStep is what the end of the stream means in the middle of a step.
func (c *conversation) lostStep() error {
	if c.err == io.EOF {
		return own(ReasonStreamLost, "the daemon ended the conversation in the middle of a step")
	}
	return c.err
}
