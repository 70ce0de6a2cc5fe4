// Check says what in a program would make its decisions depend on anything but their arguments: `go run procession/cmd/check [FOLDER]`.
//
// The component is closed in any case: it has no clock, no files and no network, and whoever asks for one traps.
// But a random number is drawn there too, the same one in every instance, and a trap does not say what to write instead.
package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

func main() {
	folder := "."
	if len(os.Args) > 1 {
		folder = os.Args[1]
	}
	found, err := folderFindings(folder)
	if err != nil {
		fmt.Fprintln(os.Stderr, "check:", err)
		os.Exit(2)
	}
	for _, each := range found {
		fmt.Fprintln(os.Stderr, each)
	}
	if len(found) > 0 {
		os.Exit(1)
	}
}

func folderFindings(folder string) (found []string, err error) {
	err = filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && path != folder && isAnothers(path, entry.Name()) {
			return filepath.SkipDir
		}
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		more, err := findings(path, source)
		found = append(found, more...)
		return err
	})
	return found, err
}

// isAnothers says whether a folder is none of the program's own, as the go command itself has it: another module, such as this SDK, or hidden.
func isAnothers(path, name string) bool {
	_, err := os.Stat(filepath.Join(path, "go.mod"))
	return err == nil || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_")
}

// instead of each package: what to use. A folder ends with a stroke.
var packages = map[string]string{
	"crypto/rand": "ctx.NewID() or ctx.Random()", "math/rand": "ctx.NewID() or ctx.Random()", "math/rand/": "ctx.NewID() or ctx.Random()",
	"log": "a message in the answer", "log/": "a message in the answer", "net": "a command", "net/": "a command",
	"os": "nothing: a process has no files and no environment", "os/": "nothing: a process has no files and no environment",
	"syscall": "nothing: a process has no system",
}

var clock = map[string]bool{
	"Now": true, "Since": true, "Until": true, "Sleep": true, "After": true, "AfterFunc": true, "Tick": true, "NewTimer": true, "NewTicker": true,
}

func findings(path string, source []byte) (found []string, err error) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	say := func(at token.Pos, what, instead string) {
		found = append(found, fmt.Sprintf("%s: %s makes decisions that do not come out the same again; use %s", files.Position(at), what, instead))
	}
	for _, each := range file.Imports {
		name, err := strconv.Unquote(each.Path.Value)
		if err != nil {
			return nil, err
		}
		if instead := closed(name); instead != "" {
			say(each.Pos(), name, instead)
		}
	}
	ast.Inspect(file, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.GoStmt:
			say(node.Pos(), "a goroutine", "a plain call")
		case *ast.SelectorExpr:
			if from, ok := node.X.(*ast.Ident); ok && from.Name == "time" && clock[node.Sel.Name] {
				say(node.Pos(), "time."+node.Sel.Name, "ctx.Now or a timer")
			}
		}
		return true
	})
	return found, nil
}

func closed(name string) string {
	if instead, ok := packages[name]; ok {
		return instead
	}
	folder, _, _ := strings.Cut(name, "/")
	if strings.HasPrefix(name, "math/rand/") {
		folder = "math/rand"
	}
	if folder == name {
		return ""
	}
	return packages[folder+"/"]
}
