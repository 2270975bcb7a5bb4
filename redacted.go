package argos

import "strings"

// Redacted is an address as it may be logged: without its password, and without query parameters that hold secrets. It takes
// more for a password than it must when the address is malformed, never less.
func Redacted(uri string) string {
	scheme, rest, _ := strings.Cut(uri, ":")
	if after, ok := strings.CutPrefix(rest, "//"); ok {
		scheme, rest = scheme+"://", after
	} else {
		scheme += ":"
	}
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		if user, _, ok := strings.Cut(rest[:at], ":"); ok {
			rest = user + ":xxxxx" + rest[at:]
		}
	}
	path, query, ok := strings.Cut(rest, "?")
	if !ok {
		return scheme + rest
	}
	params := strings.FieldsFunc(query, func(r rune) bool { return r == '&' || r == ';' })
	for i, p := range params {
		key, _, _ := strings.Cut(p, "=")
		if k := strings.ToLower(key); strings.Contains(k, "password") || k == "authmechanismproperties" {
			params[i] = key + "=xxxxx"
		}
	}
	return scheme + path + "?" + strings.Join(params, "&")
}
