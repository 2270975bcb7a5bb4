package argos

import "encoding/binary"

// PartitionOf is the partition of a truck in a topic of n partitions: the Java client's default partitioner
// (murmur2 of the key, sign bit cleared), so any Kafka producer that keys by truck agrees with it.
func PartitionOf(truckID string, n int) int { return int(murmur2(truckID)&0x7fffffff) % n }

// ShardOf is the shard of a truck among n. When n is a multiple of the partition count, all trucks of a shard come from
// one partition: shard % partitions.
func ShardOf(truckID string, n int) int { return PartitionOf(truckID, n) }

// murmur2 is Austin Appleby's MurmurHash2 with the seed that Apache Kafka uses (Utils.murmur2).
func murmur2(key string) uint32 {
	const m = 0x5bd1e995
	h := uint32(0x9747b28c) ^ uint32(len(key))
	b := []byte(key)
	for ; len(b) >= 4; b = b[4:] {
		k := binary.LittleEndian.Uint32(b)
		k *= m
		k ^= k >> 24
		k *= m
		h = h*m ^ k
	}
	switch len(b) {
	case 3:
		h ^= uint32(b[2]) << 16
		fallthrough
	case 2:
		h ^= uint32(b[1]) << 8
		fallthrough
	case 1:
		h = (h ^ uint32(b[0])) * m
	}
	h = (h ^ h>>13) * m
	return h ^ h>>15
}
