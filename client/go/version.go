package migrated

// Version is the release of this client. An embedded daemon has to be of the same.
const Version = "0.1.0"
