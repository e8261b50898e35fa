// Command actor plays an application that behaves as its arguments say: well, badly, or late. The cases of rollouts
// run it, so that what a cluster's API shows of each fault can be recorded.
package main

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

const never = -1 * time.Second

var (
	readyAfter = flag.Duration("ready-after", 0, "answer /ready with 200 only from then on; negative: never")
	faintAfter = flag.Duration("faint-after", never, "answer /ready with 503 from then on, for 5 s; negative: never")
	liveFor    = flag.Duration("live-for", never, "answer /live with 503 from then on; negative: never")
	exitAfter  = flag.Duration("exit-after", never, "exit then; 0: before serving; negative: never")
	exitCode   = flag.Int("exit-code", 1, "what to exit with")
	goodAfter  = flag.Duration("good-after", 0, "exit no more once the pod's first start is so long ago (kept in /state)")
	eat        = flag.Int("eat", 0, "MiB of memory to take each 100 ms")
	fill       = flag.Int("fill", 0, "MiB to write into /state at once")
	port       = flag.Int("port", 8080, "where to answer")
	ignoreTerm = flag.Bool("ignore-term", false, "go on after SIGTERM")
)

func main() {
	began := time.Now()
	// A container whose behaviour comes from a ConfigMap gets it here.
	arguments := append(os.Args[1:], strings.Fields(os.Getenv("ACTOR_ARGS"))...)
	_ = flag.CommandLine.Parse(arguments) // it exits by itself where they are wrong
	fmt.Println("actor: starting,", strings.Join(arguments, " "))
	if *exitAfter >= 0 && !(*goodAfter > 0 && sinceFirstStart(began) >= *goodAfter) {
		if *exitAfter == 0 {
			exit()
		}
		time.AfterFunc(*exitAfter, exit)
	}
	if *eat > 0 {
		go grow()
	}
	if *fill > 0 {
		_ = os.WriteFile("/state/filling", make([]byte, *fill<<20), 0o644)
	}
	go obey()
	serve(began)
}

func exit() {
	fmt.Println("actor: exiting with", *exitCode)
	os.Exit(*exitCode)
}

// sinceFirstStart is the time since a container of this pod first started: /state outlives containers.
func sinceFirstStart(now time.Time) time.Duration {
	const file = "/state/began"
	if text, err := os.ReadFile(file); err == nil {
		if first, err := time.Parse(time.RFC3339Nano, string(text)); err == nil {
			return now.Sub(first)
		}
	}
	if err := os.WriteFile(file, []byte(now.Format(time.RFC3339Nano)), 0o644); err != nil {
		fmt.Println("actor:", err)
	}
	return 0
}

func grow() {
	var held [][]byte
	for {
		block := make([]byte, *eat<<20)
		for at := range block {
			block[at] = 1
		}
		held = append(held, block)
		time.Sleep(100 * time.Millisecond)
	}
}

func obey() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM)
	for range signals {
		fmt.Println("actor: SIGTERM")
		if !*ignoreTerm {
			os.Exit(0)
		}
	}
}

func serve(began time.Time) {
	answer := func(well func(age time.Duration) bool) http.HandlerFunc {
		return func(to http.ResponseWriter, _ *http.Request) {
			if !well(time.Since(began)) {
				to.WriteHeader(http.StatusServiceUnavailable)
			}
		}
	}
	http.Handle("/ready", answer(func(age time.Duration) bool {
		fainting := *faintAfter >= 0 && age >= *faintAfter && age < *faintAfter+5*time.Second
		return *readyAfter >= 0 && age >= *readyAfter && !fainting
	}))
	http.Handle("/live", answer(func(age time.Duration) bool { return *liveFor < 0 || age < *liveFor }))
	fmt.Println("actor:", http.ListenAndServe(fmt.Sprint(":", *port), nil))
	os.Exit(1)
}
