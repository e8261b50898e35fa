// Reads references, one JSON string a line, and says how distribution/reference's normalized parse reads each:
// a JSON array of registry, repository, tag and digest, or null where it refuses.
package main

import (
	"bufio"
	_ "crypto/sha256"
	_ "crypto/sha512"
	"encoding/json"
	"os"

	"github.com/distribution/reference"
)

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	answers := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var text string
		if err := json.Unmarshal(lines.Bytes(), &text); err != nil {
			panic(err)
		}
		if err := answers.Encode(read(text)); err != nil {
			panic(err)
		}
	}
}

func read(text string) []string {
	named, err := reference.ParseNormalizedNamed(text)
	if err != nil {
		return nil
	}
	parts := []string{reference.Domain(named), reference.Path(named), "", ""}
	if tagged, is := named.(reference.Tagged); is {
		parts[2] = tagged.Tag()
	}
	if digested, is := named.(reference.Digested); is {
		parts[3] = digested.Digest().String()
	}
	return parts
}
