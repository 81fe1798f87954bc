package migrated

import (
	"context"
	"crypto/tls"
	"io/fs"
	"log/slog"
	"time"

	"google.golang.org/grpc"
)

// Option changes how Connect finds the daemon and what a client's calls are about. Options win over variables, those
// over migratectl.toml.
type Option func(*settings)

// settings is what the options say.
type settings struct {
	values        map[string]value
	dir           string
	file          string
	environment   []string
	target        *Target
	locations     []location
	published     bool
	recursive     bool
	tls           *tls.Config
	token         func(context.Context) (string, error)
	dialOptions   []grpc.DialOption
	logger        *slog.Logger
	streamPatient time.Duration
	silence       time.Duration
	bodies        Bodies
}

func (s *settings) set(key, text string) { s.values[key] = value{text: text, rank: rankOption} }

// WithServer names the daemon: http://host:port, https://host:port, host:port or unix:/path. Without any server, an
// embedded daemon is found or started.
func WithServer(address string) Option { return func(s *settings) { s.set("server", address) } }

// WithEmbedded asks for the embedded daemon, whatever server is configured.
func WithEmbedded() Option { return func(s *settings) { s.set("server", "") } }

// WithToken sets the bearer token.
func WithToken(token string) Option { return func(s *settings) { s.set("token", token) } }

// WithTokenFile names a file that holds the bearer token. It is read for each call.
func WithTokenFile(path string) Option { return func(s *settings) { s.set("token_file", path) } }

// WithTokenSource has the bearer token of each call come from a function.
func WithTokenSource(token func(context.Context) (string, error)) Option {
	return func(s *settings) { s.token = token }
}

// WithCAFile names the certificates that are trusted instead of the system's.
func WithCAFile(path string) Option { return func(s *settings) { s.set("tls.ca_file", path) } }

// WithClientCertificate names the client's own certificate and its key.
func WithClientCertificate(certFile, keyFile string) Option {
	return func(s *settings) {
		s.set("tls.cert_file", certFile)
		s.set("tls.key_file", keyFile)
	}
}

// WithServerName sets the name that the daemon's certificate must have, where it is not the address.
func WithServerName(name string) Option { return func(s *settings) { s.set("tls.server_name", name) } }

// WithTLSConfig replaces what the other options, variables and files say about certificates.
func WithTLSConfig(config *tls.Config) Option {
	return func(s *settings) { s.tls = config }
}

// WithProject names the project; without, it is the name of the project's folder.
func WithProject(name string) Option { return func(s *settings) { s.set("project", name) } }

// WithTarget says what database the calls are about.
func WithTarget(target Target) Option { return func(s *settings) { s.target = &target } }

// WithFolder has calls mean the revisions in these version locations of a file system, which may be an embed.FS:
//
//	//go:embed migrations
//	var folder embed.FS
//
//	client, err := migrated.Connect(ctx, migrated.WithFolder(folder))
//
// Without locations it is the folder `migrations`. An embed.FS is read once, other file systems for each call.
func WithFolder(folder fs.FS, locations ...string) Option {
	return func(s *settings) {
		s.published, s.locations = false, nil
		if len(locations) == 0 {
			locations = []string{"migrations"}
		}
		for _, name := range locations {
			s.locations = append(s.locations, location{fs: folder, dir: name, name: name})
		}
	}
}

// WithRecursive has folders inside of version locations read too.
func WithRecursive() Option { return func(s *settings) { s.recursive = true } }

// WithPublished has calls mean the project's published graph, whatever folder there is.
func WithPublished() Option {
	return func(s *settings) { s.published, s.locations = true, nil }
}

// WithActor says who asks, as others see it; without, it is the CI job, or user and host.
func WithActor(name string) Option { return func(s *settings) { s.set("actor", name) } }

// WithDir takes another folder than the working directory to look for migratectl.toml from.
func WithDir(path string) Option { return func(s *settings) { s.dir = path } }

// WithConfigFile names the configuration file, instead of the migratectl.toml found by walking up.
func WithConfigFile(path string) Option { return func(s *settings) { s.file = path } }

// WithEnvironment takes these variables (NAME=value) instead of the process's.
func WithEnvironment(variables ...string) Option {
	return func(s *settings) { s.environment = append([]string{}, variables...) }
}

// WithDaemonBinary names the program `migrated`, for starting an embedded daemon. Without, it is looked for beside this
// program and on the PATH.
func WithDaemonBinary(path string) Option {
	return func(s *settings) { s.set("embedded.binary", path) }
}

// WithDaemonIdle says how long an embedded daemon stays without anything to do.
func WithDaemonIdle(idle time.Duration) Option {
	return func(s *settings) { s.set("embedded.idle", idle.String()) }
}

// WithLogger takes another logger than slog.Default for what the caller should know but need not act on.
func WithLogger(logger *slog.Logger) Option { return func(s *settings) { s.logger = logger } }

// WithStreamBudget says for how long a lost stream of events is opened again without any sign of life; 60 s without.
func WithStreamBudget(budget time.Duration) Option {
	return func(s *settings) { s.streamPatient = budget }
}

// WithDialOptions adds options of gRPC, for interceptors, tracing and the like.
func WithDialOptions(options ...grpc.DialOption) Option {
	return func(s *settings) { s.dialOptions = append(s.dialOptions, options...) }
}
