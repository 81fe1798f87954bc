package migrated

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"migrated.internal/client/go/migratedv1"
)

// failure turns what a call answered into an *Error; what is one already stays.
func failure(ctx context.Context, err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	if _, ok := err.(*Error); ok {
		return err
	}
	told, _ := status.FromError(err)
	for _, detail := range told.Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok {
			return fromInfo(told, info).because(err).told()
		}
	}
	if ctx.Err() != nil {
		return interrupted(ctx.Err())
	}
	return fromCode(told).because(err).told()
}

func fromInfo(told *status.Status, info *errdetails.ErrorInfo) *Error {
	e := &Error{
		Reason:   Reason(info.GetReason()),
		Message:  told.Message(),
		Metadata: map[string]string{},
		detailed: true,
	}
	for name, value := range info.GetMetadata() {
		switch name {
		case "code":
			e.Code = value
		case "state":
			e.State = value
		case "next":
			e.Next = value
		default:
			e.Metadata[name] = value
		}
	}
	e.Revision = e.Metadata["revision"]
	if path := e.Metadata["path"]; path != "" {
		e.Place = Place{Path: path, Line: count(e.Metadata["line"]), Column: count(e.Metadata["column"])}
	}
	for _, detail := range told.Details() {
		if sql, ok := detail.(*migratedv1.SqlError); ok {
			e.SQL = sql
			// The file is often named beside the message and the line in the detail.
			if e.Place.Line == 0 {
				e.Place = placeOf(sql, e.Place)
			}
		}
	}
	return e
}

func placeOf(sql *migratedv1.SqlError, otherwise Place) Place {
	if sql.GetPath() == "" {
		return otherwise
	}
	return Place{Path: sql.GetPath(), Line: int(sql.GetLine()), Column: int(sql.GetColumnNumber())}
}

func count(text string) int {
	number, err := strconv.Atoi(text)
	if err != nil {
		return 0
	}
	return number
}

// fromCode judges a status without our details: a proxy's, or a transport's that failed.
func fromCode(told *status.Status) *Error {
	said := told.Message()
	switch told.Code() {
	case codes.Unavailable:
		return own(ReasonDaemonUnreachable, "%s", said).state(untold)
	case codes.Unauthenticated:
		return own(ReasonUnauthenticated, "%s", said).state(nothingExecuted).
			next("set a token: MIGRATECTL_TOKEN, MIGRATECTL_TOKEN_FILE, or WithToken")
	case codes.PermissionDenied:
		return own(ReasonPermissionDenied, "%s", said).state(nothingExecuted)
	case codes.DeadlineExceeded:
		return own(ReasonDeadlinePassed, "%s", said)
	case codes.Unimplemented:
		return own(ReasonUnimplemented, "who answers does not know this call: %s", said).state(nothingExecuted).
			next("compare the daemon's release (`migrated --version`) with this client's, %s", Version)
	default:
		return own(Reason(upperSnake(told.Code().String())), "%s", said)
	}
}

// upperSnake writes `FailedPrecondition` as FAILED_PRECONDITION.
func upperSnake(name string) string {
	var out strings.Builder
	for i, c := range name {
		if i > 0 && c >= 'A' && c <= 'Z' {
			out.WriteByte('_')
		}
		out.WriteRune(c)
	}
	return strings.ToUpper(out.String())
}

// fromRun is the failure that ended a run.
func fromRun(run string, state migratedv1.RunState, said *migratedv1.Failure, applied int) *Error {
	e := &Error{
		Code:     said.GetCode(),
		Reason:   Reason(said.GetReason()),
		Message:  said.GetMessage(),
		Revision: said.GetRevision(),
		State:    said.GetState(),
		Next:     said.GetNext(),
		SQL:      said.GetSql(),
		Place:    placeOf(said.GetSql(), Place{}),
		RunID:    run,
		RunState: state,
		Applied:  applied,
		detailed: true,
	}
	if _, known := migratedv1.RunState_name[int32(state)]; !known {
		e.Reason, e.Message = ReasonClientTooOld, fmt.Sprintf("the run ended in state %d, which this client does not know", state)
		e.Next = fmt.Sprintf("upgrade the client: its release is %s, the daemon's is later", Version)
		return e.told()
	}
	if e.Reason == "" {
		e.Reason = stateReason(state)
	}
	if e.Message == "" {
		e.Message = "the run ended as " + string(stateReason(state))
	}
	return e.told()
}

// stateReason returns the state's name without the enum's prefix, as FAILED.
func stateReason(state migratedv1.RunState) Reason {
	return Reason(strings.TrimPrefix(state.String(), "RUN_STATE_"))
}

// unaryErrors gives every answer of a unary call the form of this package.
func unaryErrors(
	ctx context.Context, method string, request, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker,
	options ...grpc.CallOption,
) error {
	var header, trailer metadata.MD
	options = append(options, grpc.Header(&header), grpc.Trailer(&trailer))
	err := failure(ctx, invoke(ctx, method, request, reply, conn, options...))
	return explained(ctx, conn, method, releaseOf(header, trailer), err)
}

// streamErrors does the same for streams.
func streamErrors(
	ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string, open grpc.Streamer,
	options ...grpc.CallOption,
) (grpc.ClientStream, error) {
	stream, err := open(ctx, desc, conn, method, options...)
	if err != nil {
		return nil, explained(ctx, conn, method, "", failure(ctx, err))
	}
	return &errorStream{ClientStream: stream, ctx: ctx, conn: conn, method: method}, nil
}

type errorStream struct {
	grpc.ClientStream
	// The caller's. The stream's own ends with the connection too.
	ctx    context.Context
	conn   *grpc.ClientConn
	method string
}

func (s *errorStream) RecvMsg(message any) error {
	err := s.ClientStream.RecvMsg(message)
	if err == nil || err == io.EOF {
		return err
	}
	// The stream has ended: its header does not keep anybody waiting.
	header, _ := s.ClientStream.Header()
	return explained(s.ctx, s.conn, s.method, releaseOf(header, s.ClientStream.Trailer()), failure(s.ctx, err))
}

// releaseHeader is how a daemon tells its release.
const releaseHeader = "migrated-release"

// releaseOf returns the release that the daemon named; empty where it named none.
func releaseOf(all ...metadata.MD) string {
	for _, told := range all {
		if values := told.Get(releaseHeader); len(values) > 0 {
			return values[0]
		}
	}
	return ""
}

// isLater tells whether one release comes after another, by their numbers.
func isLater(one, other string) bool {
	numbers := func(release string) []int {
		digits, _, _ := strings.Cut(release, "-")
		var all []int
		for _, number := range strings.Split(digits, ".") {
			all = append(all, count(number))
		}
		return all
	}
	return slices.Compare(numbers(one), numbers(other)) > 0
}

// explained tells the kinds of UNIMPLEMENTED apart. A daemon that names its release is older than this client, or later.
// One that names none, serves our API and lacks the call is older; where our API is not served at all, somebody else
// answers. Health knows each service by its name.
func explained(ctx context.Context, conn *grpc.ClientConn, method, theirs string, err error) error {
	e, ok := err.(*Error)
	if !ok || e.Reason != ReasonUnimplemented || strings.HasPrefix(method, "/grpc.health.") {
		return err
	}
	name := strings.TrimPrefix(method, "/")
	service, call, _ := strings.Cut(name, "/")
	if theirs != "" {
		e.Message = fmt.Sprintf("the daemon at %s does not know %s of %s: it is of release %s, and this client of %s",
			conn.Target(), call, service, theirs, Version)
		e.Next = fmt.Sprintf("upgrade the daemon to release %s, or use the client of release %s", Version, theirs)
		if isLater(theirs, Version) {
			e.Next = fmt.Sprintf("upgrade the client to release %s", theirs)
		}
		return e
	}
	health := grpc_health_v1.NewHealthClient(conn)
	serves := func(service string) bool {
		_, err := health.Check(ctx, &grpc_health_v1.HealthCheckRequest{Service: service})
		return err == nil
	}
	switch {
	case serves(service), serves("migrated.v1.MigrationService"):
		e.Message = fmt.Sprintf("the daemon at %s does not know %s of %s: it is older than this client, %s",
			conn.Target(), call, service, Version)
		e.Next = fmt.Sprintf("upgrade the daemon to release %s, or use the client of the daemon's release", Version)
	default:
		e.Message = fmt.Sprintf("what answers at %s does not serve migrated.v1: another program, or a daemon of "+
			"another generation than this client, %s", conn.Target(), Version)
		e.Next = "check the address; then compare the daemon's release (`migrated --version`) with the client's"
	}
	return e
}
