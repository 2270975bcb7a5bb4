package baselines

import (
	"math"
	"time"

	"github.com/rosshemsley/kalman"
	"github.com/rosshemsley/kalman/models"
	"gonum.org/v1/gonum/mat"

	"argos"
)

// Rosshemsley is github.com/rosshemsley/kalman with its constant-velocity model on a plane, the noises being those of
// ConstantVelocity. Its process noise is independent in position and velocity.
func Rosshemsley(fixes []argos.Fix) []argos.LatLon {
	p, at := plane(fixes)
	out := make([]argos.LatLon, len(fixes))
	if len(fixes) == 0 {
		return out
	}
	model := rosshemsleyModel(fixes, at)
	filter := kalman.NewKalmanFilter(model)
	for i := range fixes {
		if err := filter.Update(time.UnixMilli(fixes[i].Time), measured(model, at[i])); err != nil {
			out[i] = argos.LatLon{Lat: math.NaN(), Lon: math.NaN()}
			continue
		}
		x := model.Position(filter.State())
		out[i] = degrees(&p, [2]float64{x.AtVec(0), x.AtVec(1)})
	}
	return out
}

// RosshemsleySmoothed is the same library's smoother.
func RosshemsleySmoothed(fixes []argos.Fix) []argos.LatLon {
	p, at := plane(fixes)
	out := make([]argos.LatLon, len(fixes))
	if len(fixes) == 0 {
		return out
	}
	model := rosshemsleyModel(fixes, at)
	measurements := make([]*kalman.MeasurementAtTime, len(fixes))
	for i := range fixes {
		measurements[i] = kalman.NewMeasurementAtTime(time.UnixMilli(fixes[i].Time), measured(model, at[i]))
	}
	states, err := kalman.NewKalmanSmoother(model).Smooth(measurements...)
	for i := range out {
		if err != nil {
			out[i] = argos.LatLon{Lat: math.NaN(), Lon: math.NaN()}
			continue
		}
		x := model.Position(states[i].State)
		out[i] = degrees(&p, [2]float64{x.AtVec(0), x.AtVec(1)})
	}
	return out
}

func rosshemsleyModel(fixes []argos.Fix, at [][2]float64) *models.ConstantVelocityModel {
	return models.NewConstantVelocityModel(time.UnixMilli(fixes[0].Time), mat.NewVecDense(2, at[0][:]), models.ConstantVelocityModelConfig{
		InitialVariance: cvSpeed * cvSpeed, ProcessVariance: cvQ,
	})
}

func measured(model *models.ConstantVelocityModel, at [2]float64) *models.Measurement {
	return model.NewPositionMeasurement(mat.NewVecDense(2, at[:]), cvSigma*cvSigma)
}
