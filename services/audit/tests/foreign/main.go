// Vectors from implementations that are not ours, and their judgement of what ours made.
//
//	go run . > vectors.json     trees, tiles, proofs and notes as golang.org/x/mod makes them
//	go run . ours.json          opens notes and checks proofs that our code made; exit 1 if one fails
package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strings"

	fnote "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	logName     = "shouwang.example/audit"
	witnessName = "witness.example/city"
	leaves      = 70000 // tiles of three levels
)

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func seed(b byte) []byte {
	s := make([]byte, ed25519.SeedSize)
	for i := range s {
		s[i] = b
	}
	return s
}

// skey writes a seed as note.NewSigner reads it.
func skey(name string, s []byte) (string, string) {
	public := ed25519.NewKeyFromSeed(s).Public().(ed25519.PublicKey)
	vkey, err := note.NewEd25519VerifierKey(name, public)
	check(err)
	hash := strings.Split(vkey, "+")[1]
	material := base64.StdEncoding.EncodeToString(append([]byte{1}, s...))
	return fmt.Sprintf("PRIVATE+KEY+%s+%s+%s", name, hash, material), vkey
}

type hashes []tlog.Hash

func (h hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		found[i] = h[index]
	}
	return found, nil
}

func entry(i int64) []byte {
	sum := sha256.Sum256([]byte(fmt.Sprint(i)))
	return sum[:]
}

func texts(list []tlog.Hash) []string {
	found := []string{}
	for _, hash := range list {
		found = append(found, base64.StdEncoding.EncodeToString(hash[:]))
	}
	return found
}

type proof struct {
	Index int64    `json:"index"`
	Size  int64    `json:"size"`
	Proof []string `json:"proof"`
}

type vectors struct {
	Roots       map[string]string `json:"roots"`
	Tiles       map[string]string `json:"tiles"` // path → hex sha256 of the tile
	Inclusion   []proof           `json:"inclusion"`
	Consistency []proof           `json:"consistency"` // index: the old size
	LogKey      string            `json:"log_key"`
	Note        string            `json:"note"`
	WitnessKey  string            `json:"witness_key"`
	Cosigned    string            `json:"cosigned"`
}

func made() vectors {
	var stored hashes
	v := vectors{Roots: map[string]string{}, Tiles: map[string]string{}}
	sizes := []int64{1, 2, 3, 7, 255, 256, 257, 65535, 65536, 65537, leaves}
	next := 0
	for i := int64(0); i < leaves; i++ {
		added, err := tlog.StoredHashes(i, entry(i), stored)
		check(err)
		stored = append(stored, added...)
		if next < len(sizes) && i+1 == sizes[next] {
			root, err := tlog.TreeHash(i+1, stored)
			check(err)
			v.Roots[fmt.Sprint(i+1)] = base64.StdEncoding.EncodeToString(root[:])
			next++
		}
	}
	for _, tile := range tlog.NewTiles(8, 0, leaves) {
		data, err := tlog.ReadTileData(tile, stored)
		check(err)
		v.Tiles[strings.TrimPrefix(tile.Path(), "tile/8/")] = fmt.Sprintf("%x", sha256.Sum256(data))
	}
	for _, at := range []struct{ index, size int64 }{{0, 1}, {2, 3}, {6, 7}, {128, 257}, {256, 257}, {65535, 65537}, {69999, leaves}, {12345, leaves}} {
		p, err := tlog.ProveRecord(at.size, at.index, stored)
		check(err)
		v.Inclusion = append(v.Inclusion, proof{at.index, at.size, texts(p)})
	}
	for _, at := range []struct{ old, size int64 }{{1, 2}, {3, 7}, {256, 257}, {255, 65537}, {65536, leaves}, {65537, leaves}} {
		p, err := tlog.ProveTree(at.size, at.old, stored)
		check(err)
		v.Consistency = append(v.Consistency, proof{at.old, at.size, texts(p)})
	}
	secret, vkey := skey(logName, seed(1))
	signer, err := note.NewSigner(secret)
	check(err)
	text := fmt.Sprintf("%s\n%d\n%s\n", logName, leaves, v.Roots[fmt.Sprint(leaves)])
	signed, err := note.Sign(&note.Note{Text: text}, signer)
	check(err)
	secret, plain := skey(witnessName, seed(2))
	witness, err := fnote.NewSignerForCosignatureV1(secret)
	check(err)
	verifier, err := fnote.NewVerifierForCosignatureV1(plain)
	check(err)
	both, err := note.Sign(&note.Note{Text: text}, signer, witness)
	check(err)
	v.LogKey, v.Note = vkey, string(signed)
	v.WitnessKey, v.Cosigned = fmt.Sprintf("%s+%08x", verifier.Name(), verifier.KeyHash()), string(both)
	return v
}

type ours struct {
	LogKey, WitnessPlainKey, Cosigned, Succession, NewLogKey string
	Inclusion, Consistency                                   []struct {
		Index, Size          int64
		Leaf, OldRoot, Root  string
		Proof                []string
	}
}

func hash(text string) (found tlog.Hash) {
	raw, err := base64.StdEncoding.DecodeString(text)
	check(err)
	copy(found[:], raw)
	return found
}

func list(texts []string) (found []tlog.Hash) {
	for _, text := range texts {
		found = append(found, hash(text))
	}
	return found
}

func judge(path string) {
	raw, err := os.ReadFile(path)
	check(err)
	var o ours
	check(json.Unmarshal(raw, &o))
	logKey, err := note.NewVerifier(o.LogKey)
	check(err)
	newKey, err := note.NewVerifier(o.NewLogKey)
	check(err)
	witness, err := fnote.NewVerifierForCosignatureV1(o.WitnessPlainKey)
	check(err)
	opened, err := note.Open([]byte(o.Cosigned), note.VerifierList(logKey, witness))
	check(err)
	if len(opened.Sigs) != 2 {
		log.Fatalf("cosigned: %d signatures", len(opened.Sigs))
	}
	opened, err = note.Open([]byte(o.Succession), note.VerifierList(logKey, newKey))
	check(err)
	if len(opened.Sigs) != 2 {
		log.Fatalf("succession: %d signatures", len(opened.Sigs))
	}
	for _, p := range o.Inclusion {
		check(tlog.CheckRecord(list(p.Proof), p.Size, hash(p.Root), p.Index, hash(p.Leaf)))
	}
	for _, p := range o.Consistency {
		check(tlog.CheckTree(list(p.Proof), p.Size, hash(p.Root), p.Index, hash(p.OldRoot)))
	}
	fmt.Printf("2 notes, %d inclusion and %d consistency proofs hold\n", len(o.Inclusion), len(o.Consistency))
}

func main() {
	if len(os.Args) > 1 {
		judge(os.Args[1])
		return
	}
	out := json.NewEncoder(os.Stdout)
	out.SetIndent("", " ")
	check(out.Encode(made()))
}
