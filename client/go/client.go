package migrated

import (
	"context"
	"crypto/tls"
	"log/slog"
	"os"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"migrated.internal/client/go/migratedv1"
)

// Client asks a daemon about one project and, unless told otherwise, one target. It may be used by several goroutines
// at once, and should be closed.
type Client struct {
	// What all clients that On and In made of this one share.
	wire    *wire
	config  *config
	project string
	target  *Target
	graph   graph
	budget  time.Duration
	silence time.Duration
	bodies  Bodies
}

// wire is the connection to the daemon.
type wire struct {
	config      *config
	dialOptions []grpc.DialOption
	logger      *slog.Logger
	// Where there is one, the address of a daemon that others run.
	to     *address
	tls    *tls.Config
	bearer *bearer

	mutex  sync.Mutex
	conn   *grpc.ClientConn
	closed bool
}

// Connect finds the daemon as migratectl does: by options, by MIGRATECTL_* variables, by the migratectl.toml of the
// working directory or above; and where none of them names a server, it finds or starts the project's embedded daemon.
//
// A server is connected to by the first call, which tells if it cannot be reached. An embedded daemon is there when
// Connect returns.
func Connect(ctx context.Context, options ...Option) (*Client, error) {
	s := settings{values: map[string]value{}, environment: os.Environ(), dir: ".", streamPatient: streamBudget, silence: silence}
	for _, option := range options {
		option(&s)
	}
	config, err := load(s.dir, s.file, s.environment)
	if err != nil {
		return nil, err
	}
	for key, value := range s.values {
		config.values[key] = value
	}
	w := &wire{config: config, dialOptions: s.dialOptions, logger: s.logger, tls: s.tls}
	if w.logger == nil {
		w.logger = slog.Default()
	}
	if err := w.configure(s.token); err != nil {
		return nil, err
	}
	client := &Client{wire: w, config: config, project: config.project(), target: s.target, budget: s.streamPatient, silence: s.silence}
	client.bodies = s.bodies
	if client.target == nil {
		if client.target, err = config.target(); err != nil {
			return nil, err
		}
	}
	client.graph = chooseGraph(config, &s)
	if _, err := w.connection(ctx); err != nil {
		return nil, err
	}
	return client, nil
}

// configure reads what the configuration says of server and token.
func (w *wire) configure(token func(context.Context) (string, error)) error {
	server := w.config.text("server")
	if server == "" {
		return nil
	}
	to, err := parseAddress(server, w.tls != nil || w.config.wantsTLS())
	if err != nil {
		return err
	}
	w.to = &to
	if w.bearer, err = w.config.bearer(); err != nil {
		return err
	}
	if token != nil {
		w.bearer = &bearer{token: token}
	}
	if w.bearer != nil && !to.secure && !to.staysHere() {
		w.logger.Warn("the token travels without encryption", "server", server)
	}
	return nil
}

func (w *wire) embedded() bool { return w.to == nil }

// connection returns the connection, which is made where there is none.
func (w *wire) connection(ctx context.Context) (*grpc.ClientConn, error) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.closed {
		return nil, own(ReasonDaemonUnreachable, "the client is closed")
	}
	if w.conn != nil {
		return w.conn, nil
	}
	to, security := address{}, insecure.NewCredentials()
	if w.embedded() {
		socket, err := ensureDaemon(ctx, w.config, w.logger)
		if err != nil {
			return nil, err
		}
		to.unix = socket
	} else {
		var err error
		to = *w.to
		if security, err = w.config.security(to, w.tls); err != nil {
			return nil, err
		}
	}
	conn, err := dial(to, security, w.bearer, w.dialOptions)
	if err != nil {
		return nil, err
	}
	w.conn = conn
	return conn, nil
}

// forget drops a connection whose daemon has left, unless another call did so already.
func (w *wire) forget(conn *grpc.ClientConn) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.conn == conn {
		w.conn = nil
		_ = conn.Close()
	}
}

// Close ends the connection. Runs go on: they belong to the daemon. An embedded daemon stays until it is idle.
func (c *Client) Close() error {
	c.wire.mutex.Lock()
	defer c.wire.mutex.Unlock()
	c.wire.closed = true
	if c.wire.conn == nil {
		return nil
	}
	conn := c.wire.conn
	c.wire.conn = nil
	return conn.Close()
}

// Project returns the name of the project that the calls are about.
func (c *Client) Project() string { return c.project }

// On returns a client whose calls are about another target, over the same connection.
func (c *Client) On(target Target) *Client {
	other := *c
	other.target = &target
	return &other
}

// In returns a client whose calls are about another project, over the same connection.
func (c *Client) In(project string) *Client {
	other := *c
	other.project = project
	return &other
}

func (c *Client) targetRef() (*migratedv1.TargetRef, error) {
	if c.target == nil {
		return nil, own(ReasonConfigInvalid, "no target: neither a name nor a database URL is given").
			next("give WithTarget, set MIGRATECTL_TARGET or DATABASE_URL, or put `target` in migratectl.toml")
	}
	return c.target.reference(c.config.projectDir), nil
}

// API is the daemon's services as they stand in migrated.v1, for what has no method of its own here. Their errors have
// this package's form too. Requests that carry a graph take it from [Client.Graph].
type API struct {
	Migrations migratedv1.MigrationServiceClient
	Revisions  migratedv1.RevisionServiceClient
	Runs       migratedv1.RunServiceClient
	Schemas    migratedv1.SchemaServiceClient
	Targets    migratedv1.TargetServiceClient
	Projects   migratedv1.ProjectServiceClient
}

// API returns the daemon's services.
func (c *Client) API(ctx context.Context) (*API, error) {
	conn, err := c.wire.connection(ctx)
	if err != nil {
		return nil, err
	}
	return services(conn), nil
}

func services(conn *grpc.ClientConn) *API {
	return &API{
		Migrations: migratedv1.NewMigrationServiceClient(conn),
		Revisions:  migratedv1.NewRevisionServiceClient(conn),
		Runs:       migratedv1.NewRunServiceClient(conn),
		Schemas:    migratedv1.NewSchemaServiceClient(conn),
		Targets:    migratedv1.NewTargetServiceClient(conn),
		Projects:   migratedv1.NewProjectServiceClient(conn),
	}
}
