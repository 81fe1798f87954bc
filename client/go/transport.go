package migrated

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
)

const (
	// How long a connection may take to come about.
	connectTimeout = 10 * time.Second
	// A connection on which nothing came for this long is asked whether it lives.
	keepAlive = 20 * time.Second
	// The longest pause between two tries to connect.
	longestPause = 5 * time.Second
	// Largest message that is taken: a history, or a revision with its file, may be large.
	largest = 256 << 20
)

// dial makes a connection; what is wrong with it is told by the first call.
func dial(to address, security credentials.TransportCredentials, bearer *bearer, more []grpc.DialOption) (*grpc.ClientConn, error) {
	pauses := backoff.DefaultConfig
	pauses.BaseDelay, pauses.MaxDelay = 100*time.Millisecond, longestPause
	options := []grpc.DialOption{
		grpc.WithTransportCredentials(security),
		grpc.WithUserAgent("migrated-go/" + Version),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: keepAlive, Timeout: keepAlive}),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: pauses, MinConnectTimeout: connectTimeout}),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(largest)),
		grpc.WithChainUnaryInterceptor(unaryErrors),
		grpc.WithChainStreamInterceptor(streamErrors),
		// A run of many short events: fewer, larger windows.
		grpc.WithInitialWindowSize(1 << 20),
		grpc.WithInitialConnWindowSize(4 << 20),
	}
	if bearer != nil {
		options = append(options, grpc.WithPerRPCCredentials(bearer))
	}
	conn, err := grpc.NewClient(to.dial(), append(options, more...)...)
	if err != nil {
		return nil, own(ReasonConfigInvalid, "the address %s: %v", to.dial(), err).because(err)
	}
	return conn, nil
}

// bearer puts the token into each call.
type bearer struct {
	token func(context.Context) (string, error)
}

// GetRequestMetadata is of credentials.PerRPCCredentials.
func (b *bearer) GetRequestMetadata(ctx context.Context, _ ...string) (map[string]string, error) {
	token, err := b.token(ctx)
	if err != nil {
		return nil, err
	}
	if token == "" {
		return nil, nil
	}
	return map[string]string{"authorization": "Bearer " + token}, nil
}

// RequireTransportSecurity is of credentials.PerRPCCredentials. A daemon on the same machine, or behind a proxy that
// brings TLS, is spoken to without; who sends a token over a network in the clear is warned.
func (b *bearer) RequireTransportSecurity() bool { return false }

// bearer returns where the token comes from, nil where there is none. A file is read for each call, so that a token
// that is renewed there is used from then on.
func (c *config) bearer() (*bearer, error) {
	token, file, err := c.secret("token")
	switch {
	case err != nil:
		return nil, err
	case file != "":
		return &bearer{token: func(context.Context) (string, error) { return readSecret(file) }}, nil
	case token != "":
		return &bearer{token: func(context.Context) (string, error) { return token, nil }}, nil
	}
	return nil, nil
}

func (c *config) wantsTLS() bool {
	return c.has("tls.ca_file") || c.has("tls.cert_file") || c.has("tls.server_name")
}

// security returns the transport's credentials for an address; given wins over the files.
func (c *config) security(to address, given *tls.Config) (credentials.TransportCredentials, error) {
	if !to.secure {
		return insecure.NewCredentials(), nil
	}
	if given != nil {
		return credentials.NewTLS(given), nil
	}
	settings := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: c.text("tls.server_name")}
	if path := c.text("tls.ca_file"); path != "" {
		pem, err := os.ReadFile(path)
		if err != nil {
			return nil, fileError(path, "read", err)
		}
		settings.RootCAs = x509.NewCertPool()
		if !settings.RootCAs.AppendCertsFromPEM(pem) {
			return nil, own(ReasonConfigInvalid, "transport security: %s has no certificate in PEM form", path)
		}
	}
	cert, key := c.text("tls.cert_file"), c.text("tls.key_file")
	if (cert == "") != (key == "") {
		return nil, own(ReasonConfigInvalid, "`tls.cert_file` and `tls.key_file` go together")
	}
	if cert != "" {
		// Read for each connection: certificates are renewed.
		settings.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			pair, err := tls.LoadX509KeyPair(cert, key)
			return &pair, err
		}
		if _, err := tls.LoadX509KeyPair(cert, key); err != nil {
			return nil, own(ReasonConfigInvalid, "transport security: %v", err).because(err)
		}
	}
	return credentials.NewTLS(settings), nil
}
