package migrated

import (
	"os"
	"os/user"
	"strconv"
)

// actor says who asks: as configured, else the CI job, else user and host.
func (c *config) actor() string {
	if name := c.text("actor"); name != "" {
		return name
	}
	for _, job := range []struct{ prefix, place, between, reference string }{
		{"gha:", "GITHUB_REPOSITORY", "@", "GITHUB_REF"},
		{"gitlab:", "CI_PROJECT_PATH", "@", "CI_COMMIT_REF_NAME"},
		{"teamcity:", "TEAMCITY_PROJECT_NAME", "#", "BUILD_NUMBER"},
	} {
		place, hasPlace := c.variable(job.place)
		reference, hasReference := c.variable(job.reference)
		if hasPlace && hasReference {
			return job.prefix + place + job.between + reference
		}
	}
	name := "uid " + strconv.Itoa(os.Geteuid())
	if own, err := user.Current(); err == nil && own.Username != "" {
		name = own.Username
	}
	host, err := os.Hostname()
	if err != nil {
		return name
	}
	return name + "@" + host
}
