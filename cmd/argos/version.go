package main

import "runtime/debug"

// version is which build this is: of the module, of its sources, and of what it was built with. What a build does not
// know, as the revision of one outside of a repository, is left out.
func version() string {
	b, known := debug.ReadBuildInfo()
	if !known {
		return "argos (no build information)"
	}
	text := "argos " + b.Main.Version
	set := map[string]string{}
	for _, s := range b.Settings {
		set[s.Key] = s.Value
	}
	if r := set["vcs.revision"]; r != "" {
		text += ", revision " + r
		if set["vcs.modified"] == "true" {
			text += " with changes"
		}
	}
	text += ", " + b.GoVersion
	for _, d := range b.Deps {
		if d.Path == "github.com/apache/beam/sdks/v2" {
			text += ", Beam " + d.Version
		}
	}
	return text
}
