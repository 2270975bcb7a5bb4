package audit

// SeekAtMost has an audit seek at most so many fixes below what is new.
func (c *Config) SeekAtMost(n int) { c.sought = n }
