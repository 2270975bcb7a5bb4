# Two images with one program: argos (docker build .) is that program alone; flink (docker build --target flink .) is Apache Flink
# with it as the worker. Both hold the same file, for a worker of another build than the submitter refuses to serve.

FROM golang:1.26.8-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags='-s -w' -o /out/argos ./cmd/argos
RUN mkdir -p /root-of-image/tmp /root-of-image/var/lib/argos && chmod 1777 /root-of-image/tmp

# Checkpoints are written by the job and task managers, and read by the submitter: its volume has their owner.
FROM flink:1.20.5-scala_2.12-java17 AS flink
RUN mkdir /checkpoints && chown flink:flink /checkpoints
COPY --from=build /out/argos /usr/local/bin/argos
USER flink

FROM scratch AS argos
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /usr/local/go/lib/time/zoneinfo.zip /usr/share/
# Beam looks for the home of whoever runs it, and ends the program when there is nobody.
ENV ZONEINFO=/usr/share/zoneinfo.zip USER=argos HOME=/var/lib/argos
COPY --from=build --chown=65532:65532 /root-of-image/ /
COPY --from=build /out/argos /usr/local/bin/argos
USER 65532:65532
WORKDIR /var/lib/argos
ENTRYPOINT ["/usr/local/bin/argos"]
