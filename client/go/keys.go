package migrated

// kind says what a key of the configuration holds.
type kind int

const (
	kindText kind = iota
	kindSwitch
	kindCount
	// Relative paths belong to the folder of the file, or to the working directory.
	kindPath
	kindPaths
	kindTexts
	kindTables
)

// keys are those of migratectl.toml, whose file and variables this client shares. It uses not all of them.
var keys = map[string]kind{
	"server":                        kindText,
	"token":                         kindText,
	"token_file":                    kindPath,
	"tls.ca_file":                   kindPath,
	"tls.cert_file":                 kindPath,
	"tls.key_file":                  kindPath,
	"tls.server_name":               kindText,
	"project":                       kindText,
	"target":                        kindText,
	"database_url":                  kindText,
	"database_url_file":             kindPath,
	"database_schema":               kindText,
	"version_table":                 kindText,
	"version_table_schema":          kindText,
	"dirs":                          kindPaths,
	"recursive":                     kindSwitch,
	"lint.ignore":                   kindTexts,
	"rules":                         kindPath,
	"revision.file_template":        kindText,
	"revision.timezone":             kindText,
	"revision.truncate_slug_length": kindCount,
	"revision.format":               kindText,
	"revision.post_write":           kindTables,
	"output":                        kindText,
	"color":                         kindText,
	"on_interrupt":                  kindText,
	"actor":                         kindText,
	"embedded.idle":                 kindText,
	"embedded.binary":               kindPath,
}

// Names that differ in more than this share of their length do not resemble each other.
const unlike = 0.4

// nearestKey returns the known name that resembles name most; none where none resembles it at all.
func nearestKey(name string) (string, bool) {
	best, least := "", unlike
	for key := range keys {
		share := float64(edits(name, key)) / float64(max(len(name), len(key)))
		if share < least || (share == least && (best == "" || key < best)) {
			best, least = key, share
		}
	}
	return best, best != ""
}

// edits counts the insertions, deletions, replacements and swaps of neighbours that make b of a.
func edits(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
