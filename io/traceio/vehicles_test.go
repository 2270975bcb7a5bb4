package traceio

import (
	"fmt"
	"strings"
	"testing"
)

// TestTheVehicleIsFound by the many names of its column.
func TestTheVehicleIsFound(t *testing.T) {
	for _, header := range []string{
		"deviceId", "deviceid", "device_id", "Device-ID", "imei", "IMEI", "unit id", "vehicle", "VehicleId", "Vehicle ID", "plate", "License Plate",
		"licence_plate", "truck", "asset", "tracker", "name", "Unit", "taxi_id", "uniqueId",
	} {
		var text strings.Builder
		fmt.Fprintf(&text, "id,%s,time,lat,lon\n", header)
		for i := range 6 {
			fmt.Fprintf(&text, "%d,v%d,%d,%d,4.25\n", 100+i, i%2, 1_773_396_000+i, 40+i%2*10)
		}
		rows, notes, err := readAll(driveOf(t, "a.csv", text.String()))
		if err != nil || len(rows) != 6 || rows[0].Fix.TruckID != "v0" || rows[1].Fix.TruckID != "v1" || notes != "" {
			t.Errorf("%s: %+v, %v, %s", header, rows, err, notes)
		}
	}
	for _, header := range []string{"name", "id", "unit", "device"} { // a waypoint's name, a row's number, a unit of speed, a model
		for _, value := range []string{"same", "wpt%d"} {
			var text strings.Builder
			fmt.Fprintf(&text, "%s,time,lat,lon\n", header)
			for i := range 6 {
				fmt.Fprintf(&text, "%s,%d,51.5,4.25\n", strings.ReplaceAll(value, "%d", fmt.Sprint(i)), 1_773_396_000+i)
			}
			rows, _, err := readAll(driveOf(t, "a.csv", text.String()))
			if err != nil || rows[0].Fix.TruckID != "set_d" {
				t.Errorf("%s of %s: %+v, %v", header, value, rows, err)
			}
		}
	}
}

func TestTwoPlacesAtOnceAreNoticed(t *testing.T) {
	table := func(row func(i int) string) string {
		var text strings.Builder
		text.WriteString("driver,note,time,lat,lon\n")
		for i := range 40 {
			text.WriteString(row(i) + "\n")
		}
		return text.String()
	}
	alternate := func(i int) string {
		return fmt.Sprintf(
			"%c,%d,%d,%.4f,4.25",
			'A'+rune(i%2),
			i,
			1_773_396_000+10*i,
			51+float64(i%2)+0.0001*float64(i),
		)
	}
	oneByOne := func(i int) string {
		return fmt.Sprintf(
			"%c,%d,%d,%.4f,4.25",
			'A'+rune(i/20),
			i,
			1_773_396_000+10*(i%20),
			51+float64(i/20)+0.0001*float64(i),
		)
	}
	one := func(i int) string {
		return fmt.Sprintf("A,%d,%d,%.4f,4.25", i, 1_773_396_000+10*i, 51+0.001*float64(i))
	}
	jumps := func(i int) string {
		if i%15 == 7 {
			return fmt.Sprintf("A,%d,%d,52,4.25", i, 1_773_396_000+10*i)
		}
		return one(i)
	}
	for name, c := range map[string]struct {
		row  func(int) string
		says string
	}{
		"in turn":             {alternate, "at two places at once"},
		"and which column":    {alternate, "--columns truck=driver"},
		"one after the other": {oneByOne, "its time begins anew elsewhere 1 times, where column driver changes"},
		"one":                 {one, ""},
		"one that jumps":      {jumps, ""},
	} {
		_, notes, err := readAll(driveOf(t, "a.csv", table(c.row)))
		if err != nil || !strings.Contains(notes, c.says) || c.says == "" && notes != "" {
			t.Errorf("%s: %q, %v, want %q", name, notes, err, c.says)
		}
	}
}
