package track

// lag is how long ago (s) the positions and the velocities were true when they were stamped. Only their difference
// shows. A receiver whose positions lag behind its velocities filters both, so the velocities are taken to lag by as
// much again.
func (d *receiver) lag(by *Recipe) (position, velocity float64) {
	slope := d.slope(by)
	if slope < 0 {
		return 0, min(-slope, by.mostLag())
	}
	return min(2*slope, by.mostLag()), min(slope, by.mostLag())
}

// slope is that of the regression of what positions lack on how velocities change, s: drawn to none by what is known
// of lags beforehand, and by its own standard error (James, Stein 1961), for a lag that is none costs 30 m at 30 m/s
// in a second.
func (d *receiver) slope(by *Recipe) float64 {
	info := float64(d.turned) + 1/(by.LagPrior*by.LagPrior)
	slope := float64(d.lagged) / info
	error2 := huberSigmas * huberSigmas / info
	return slope * max(0, 1-error2/(slope*slope+1e-9))
}

// estimateLag takes in what positions lack (m) of the path by velocities that changed by turn (m/s) in dt seconds;
// noise is its variance (m² per axis). While a truck keeps its velocity nothing shows.
func (d *receiver) estimateLag(lack, turn [2]float64, dt, noise float64) {
	keep := max(0, 1-dt/memory)
	noise += 0.1 // what a truck does between two velocities
	d.lagged = float32(keep*float64(d.lagged) - (lack[0]*turn[0]+lack[1]*turn[1])/noise)
	d.turned = float32(keep*float64(d.turned) + (turn[0]*turn[0]+turn[1]*turn[1])/noise)
}
