package traceio

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
)

type field int

const (
	fieldTruck field = iota
	fieldTime
	fieldDate
	fieldLat
	fieldLon
	fieldAlt
	fieldSpeed
	fieldHeading
	fieldHDOP
	fieldAccuracy
	fieldValid
	fieldNS // the hemisphere of lat: a column of its own, known by its name alone
	fieldEW // that of lon
	fieldCount

	mappable = fieldNS // the fields below can be mapped by Columns
)

// fields has the names that headers use, in lower case and without what is neither letter nor digit, the best first:
// where a header has several, the best counts. A unit may follow a name: speed_kmh, or Speed (km/h). Behind a ':' is
// the unit that a name itself tells.
var fields = [fieldCount]struct {
	name  string
	units map[string]float64 // to that of argos.Fix
	names []string
}{
	fieldTruck: {"truck", nil, []string{
		"truckid", "vehicleid", "deviceid", "truck", "vehicle", "uniqueid", "deviceuniqueid", "imei",
		"device", "trackerid", "tracker", "unitid",
		"mmsi", "taxiid", "busid", "plate", "platenumber", "numberplate", "licenseplate", "licenceplate",
		"licenseno", "licenceno",
		"registration", "registrationnumber", "vin", "assetid", "vehiclename", "devicename", "truckname",
		"unitname", "assetname", "objectid",
		"vehicleno", "vehiclenumber", "trucknumber", "truckno", "devicenumber", "serialnumber", "asset",
		"unit", "name", "id",
	}},
	fieldTime: {"time", timeUnits, []string{
		"tms:ms", "fixtime", "gpstime", "gpsdatetime", "gpstimestamp", "gpsdate", "locationtime",
		"positiontime", "recordedat", "ts", "timestamp",
		"datetime", "dateandtime", "datetimeutc", "timestamputc", "utcdatetime", "time", "utctime",
		"timeutc", "utc", "epoch", "epochtime",
		"unixtime", "unixtimestamp", "unix", "when", "timeofday", "eventtime", "devicetime", "reporttime",
		"localtime", "timelocal", "servertime",
		"receivedtime", "receivedat", "recv:ms",
	}},
	fieldDate: {
		"date",
		nil,
		[]string{"date", "gpsdate", "utcdate", "dateutc", "fixdate", "localdate", "datelocal", "day"},
	},
	fieldLat: {"lat", degrees, []string{
		"lat", "latitude", "gpslat", "gpslatitude", "latitudee7:e7", "late7:e7", "latitudee6:e6", "late6:e6",
		"latwgs84", "poslat", "ylat", "latitudens",
	}},
	fieldLon: {"lon", degrees, []string{
		"lon", "lng", "long", "longitude", "gpslon", "gpslng", "gpslong", "gpslongitude", "longitudee7:e7",
		"lone7:e7", "lnge7:e7",
		"longitudee6:e6", "lone6:e6", "lonwgs84", "poslon", "xlon", "longitudeew",
	}},
	fieldAlt: {
		"alt",
		lengths,
		[]string{"alt", "altitude", "gpsaltitude", "ele", "elevation", "height", "heightmsl", "altitudemsl"},
	},
	fieldSpeed: {"speed", speeds, []string{
		"speed", "velocity", "gpsspeed", "groundspeed", "sog:kn", "speedoverground", "speedknot:kn", "spd",
		"vehiclespeed",
	}},
	fieldHeading: {"heading", angles, []string{
		"course", "cog", "courseoverground", "gpscourse", "heading", "gpsheading", "bearing", "direction",
		"azimuth", "track",
	}},
	fieldHDOP: {"hdop", nil, []string{"hdop", "horizontaldop", "horizontaldilutionofprecision"}},
	fieldAccuracy: {"accuracy", lengths, []string{
		"accuracy", "horizontalaccuracy", "haccuracy", "hacc", "gpsaccuracy", "positionaccuracy",
		"locationaccuracy", "accuracyhorizontal",
	}},
	fieldValid: {
		"valid",
		nil,
		[]string{
			"fixq",
			"valid",
			"fixvalid",
			"gpsvalid",
			"isvalid",
			"gpsfix",
			"fix",
			"fixquality",
			"quality",
			"status",
		},
	},
	fieldNS: {
		"the hemisphere of lat",
		nil,
		[]string{"ns", "nsindicator", "northsouth", "latns", "latdir", "latitudens", "latref", "lathemisphere"},
	},
	fieldEW: {
		"the hemisphere of lon",
		nil,
		[]string{"ew", "ewindicator", "eastwest", "lonew", "londir", "longitudeew", "lonref", "lonhemisphere"},
	},
}

var (
	degrees = map[string]float64{"deg": 1, "°": 1, "m": 1 / 111_319.49, "e7": 1e-7, "e6": 1e-6} // m: on the equator
	angles  = map[string]float64{"deg": 1, "°": 1, "degrees": 1}
	lengths = map[string]float64{"m": 1, "meters": 1, "metres": 1, "ft": 0.3048, "feet": 0.3048, "km": 1000}
	speeds  = map[string]float64{
		"m/s": 1, "mps": 1, "km/h": 1 / 3.6, "kmh": 1 / 3.6, "kph": 1 / 3.6, "kmph": 1 / 3.6, "mph": 0.44704,
		"mi/h": 0.44704,
		"kn":   1852. / 3600, "kt": 1852. / 3600, "kts": 1852. / 3600, "knot": 1852. / 3600, "knots": 1852. / 3600,
	}
	// ticks is what a time's unit is in ns.
	ticks     = map[string]int64{"s": 1e9, "ms": 1e6, "us": 1e3, "ns": 1}
	timeUnits = map[string]float64{"s": 1e9, "ms": 1e6, "us": 1e3, "ns": 1}
)

// bare is a name as people vary it: in lower case, without what is neither letter nor digit.
func bare(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, name)
}

// means says whether a header's name is usual for a field: how good a name it is, 0 the best, and the unit that it
// tells.
func (f field) means(name string) (rank int, unit string, ok bool) {
	if open := strings.IndexAny(name, "(["); open > 0 {
		name, unit = name[:open], strings.ToLower(strings.Trim(name[open:], "()[] "))
	}
	plain := bare(name)
	for rank, known := range fields[f].names {
		known, own, _ := strings.Cut(known, ":")
		if plain == known {
			return rank, cmp.Or(unit, own), true
		}
		if rest, longer := strings.CutPrefix(plain, known); longer && unit == "" {
			for u := range fields[f].units {
				if rest == bare(u) && rest != "" && !slices.Contains(fields[f].names, plain) {
					return rank, u, true
				}
			}
		}
	}
	return 0, "", false
}
