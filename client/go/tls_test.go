package migrated_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	migrated "migrated.internal/client/go"
	"migrated.internal/client/go/internal/bed"
	"migrated.internal/client/go/migratedtest"
)

// authority signs certificates for tests.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	file        string
}

func newAuthority(t *testing.T, dir, name string) *authority {
	t.Helper()
	key := newKey(t)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	a := &authority{certificate: certificate, key: key, file: filepath.Join(dir, name+".pem")}
	writePEM(t, a.file, "CERTIFICATE", der)
	return a
}

// sign writes a certificate for a name and its key, and returns their files.
func (a *authority) sign(t *testing.T, dir, name string) (cert, key string) {
	t.Helper()
	pair := newKey(t)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, pair.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(pair)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, name+".crt"), filepath.Join(dir, name+".key")
	writePEM(t, cert, "CERTIFICATE", der)
	writePEM(t, key, "PRIVATE KEY", private)
	return cert, key
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func writePEM(t *testing.T, path, kind string, der []byte) {
	t.Helper()
	write(t, path, string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})))
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

const token = "open-sesame"

// secured starts a daemon with TLS and one token, and returns its address by name.
func secured(t *testing.T, dir string, of *authority, tls string) string {
	t.Helper()
	cert, key := of.sign(t, dir, "localhost")
	write(t, filepath.Join(dir, "good"), token+"\n")
	daemon := migratedtest.Start(t, migratedtest.Settings{Sections: "[tls]\ncert_file = \"" + cert + "\"\nkey_file = \"" + key + "\"\n" + tls +
		"[[access.tokens]]\nname = \"ci\"\ntoken_file = \"" + filepath.Join(dir, "good") + "\"\nrights = [\"operate\"]\n"})
	return strings.Replace(daemon.Address, "127.0.0.1", "localhost", 1)
}

func TestTLSAndToken(t *testing.T) {
	dir := t.TempDir()
	mine, strange := newAuthority(t, dir, "mine"), newAuthority(t, dir, "strange")
	address := secured(t, dir, mine, "")
	trusting := migrated.WithCAFile(mine.file)
	ask := func(server string, options ...migrated.Option) error {
		t.Helper()
		client := connect(t, server, bed.Chain(1), bed.SQLite(t), options...)
		_, err := client.Heads(context.Background())
		return err
	}
	good := filepath.Join(dir, "good")
	for name, err := range map[string]error{
		"token":           ask("https://"+address, trusting, migrated.WithToken(token)),
		"token file":      ask("https://"+address, trusting, migrated.WithTokenFile(good)),
		"without scheme":  ask(address, trusting, migrated.WithToken(token)),
		"by another name": ask("https://"+strings.Replace(address, "localhost", "127.0.0.1", 1), trusting, migrated.WithServerName("localhost"), migrated.WithToken(token)),
		"by variables": ask("https://"+address, migrated.WithEnvironment("MIGRATECTL_TLS__CA_FILE="+mine.file,
			"MIGRATECTL_TOKEN_FILE="+good)),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	failure(t, ask("https://"+address, migrated.WithCAFile(strange.file), migrated.WithToken(token)), migrated.ReasonDaemonUnreachable)
	failure(t, ask("https://"+address, migrated.WithToken(token)), migrated.ReasonDaemonUnreachable)
	failure(t, ask("https://"+address, trusting, migrated.WithServerName("elsewhere"), migrated.WithToken(token)), migrated.ReasonDaemonUnreachable)
	failure(t, ask("http://"+address, migrated.WithToken(token)), migrated.ReasonDaemonUnreachable)
	refused := failure(t, ask("https://"+address, trusting), migrated.ReasonUnauthenticated)
	if refused.ExitCode() != 8 {
		t.Fatalf("%+v", refused)
	}
	wrong := failure(t, ask("https://"+address, trusting, migrated.WithToken("shut-sesame")), migrated.ReasonUnauthenticated)
	if strings.Contains(wrong.Detail(), "shut-sesame") {
		t.Fatal("a token is told")
	}
}

func TestATokenThatIsRenewedInItsFileIsUsedFromThenOn(t *testing.T) {
	dir := t.TempDir()
	address := secured(t, dir, newAuthority(t, dir, "mine"), "")
	file := filepath.Join(dir, "mounted")
	write(t, file, "expired")
	client := connect(t, address, bed.Chain(1), bed.SQLite(t), migrated.WithCAFile(filepath.Join(dir, "mine.pem")), migrated.WithTokenFile(file))
	_, err := client.Heads(context.Background())
	failure(t, err, migrated.ReasonUnauthenticated)
	write(t, file, token+"\n")
	if _, err := client.Heads(context.Background()); err != nil {
		t.Fatal(err)
	}
	asked := 0
	source := connect(t, address, bed.Chain(1), bed.SQLite(t), migrated.WithCAFile(filepath.Join(dir, "mine.pem")),
		migrated.WithTokenSource(func(context.Context) (string, error) { asked++; return token, nil }))
	if _, err := source.Heads(context.Background()); err != nil || asked == 0 {
		t.Fatal(err, asked)
	}
}

func TestAClientCertificate(t *testing.T) {
	dir := t.TempDir()
	mine, strange := newAuthority(t, dir, "mine"), newAuthority(t, dir, "strange")
	address := secured(t, dir, mine, "client_ca_file = \""+mine.file+"\"\n")
	options := []migrated.Option{migrated.WithCAFile(mine.file), migrated.WithToken(token)}
	heads := func(more ...migrated.Option) error {
		_, err := connect(t, address, bed.Chain(1), bed.SQLite(t), append(options, more...)...).Heads(context.Background())
		return err
	}
	failure(t, heads(), migrated.ReasonDaemonUnreachable)
	failure(t, heads(migrated.WithClientCertificate(strange.sign(t, dir, "stranger"))), migrated.ReasonDaemonUnreachable)
	if err := heads(migrated.WithClientCertificate(mine.sign(t, dir, "ci"))); err != nil {
		t.Fatal(err)
	}
}

func TestATokenInTheClearIsWarnedOf(t *testing.T) {
	var log bytes.Buffer
	logger := migrated.WithLogger(slog.New(slog.NewTextHandler(&log, nil)))
	connect(t, "http://localhost:1", bed.Chain(1), bed.SQLite(t), migrated.WithToken(token), logger)
	if log.Len() > 0 {
		t.Fatalf("it stays on the machine: %s", log.String())
	}
	connect(t, "http://migrated.example.org:1", bed.Chain(1), bed.SQLite(t), migrated.WithToken(token), logger)
	if !strings.Contains(log.String(), "without encryption") || strings.Contains(log.String(), token) {
		t.Fatal(log.String())
	}
}
