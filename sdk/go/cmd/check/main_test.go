package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWhatIsNotPureIsFoundWithItsLineAndWhatToUse(t *testing.T) {
	for source, wanted := range map[string]string{
		"package p\nimport \"math/rand/v2\"":                         "p.go:2:8: math/rand/v2",
		"package p\nimport r \"crypto/rand\"":                        "use ctx.NewID()",
		"package p\nimport \"net/http\"":                             "use a command",
		"package p\nimport \"time\"\nvar t = time.Now":               "p.go:3:9: time.Now",
		"package p\nimport \"os\"":                                   "no files",
		"package p\nfunc f() {}\nfunc g() {\n\tgo f()\n}":            "p.go:4:2: a goroutine",
		"package p\nimport \"log/slog\"":                             "log/slog",
	} {
		found, err := findings("p.go", []byte(source))
		if err != nil || len(found) != 1 || !strings.Contains(found[0], wanted) {
			t.Errorf("%s\ngives %q, %v and not %q", source, found, err, wanted)
		}
	}
}

func TestWhatIsPurePasses(t *testing.T) {
	source := "package p\nimport (\n\"encoding/json\"\n\"math\"\n\"time\"\n)\nvar _ = json.Valid\nvar _ = math.Pi\nvar _ = time.UnixMilli(0).UTC()"
	if found, err := findings("p.go", []byte(source)); err != nil || len(found) != 0 {
		t.Errorf("%q, %v", found, err)
	}
}

func TestOnlyTheProgramsOwnFilesAreLookedAt(t *testing.T) {
	folder := t.TempDir()
	for path, text := range map[string]string{
		"own/a.go": "package own\nimport \"os\"", "other/go.mod": "module other", "other/b.go": "package other\nimport \"os\"", ".tools/c.go": "package c\nimport \"os\"",
	} {
		if err := os.MkdirAll(filepath.Join(folder, filepath.Dir(path)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, path), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	found, err := folderFindings(folder)
	if err != nil || len(found) != 1 || !strings.Contains(found[0], "own/a.go:2:8: os") {
		t.Errorf("%q, %v", found, err)
	}
}
