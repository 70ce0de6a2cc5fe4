package procession

// Draws from the seed of a decision: the same sequence as in every other SDK (`sdk/ids.json` has samples).
// Nothing random lives here: the same seed draws the same again, which is what makes a decision repeatable.
type ids struct{ state uint64 }

// bits gives the next 64 bits. SplitMix64: a bijection of a counter, so no number comes twice before all have come once.
func (i *ids) bits() uint64 {
	i.state += 0x9e3779b97f4a7c15
	z := i.state
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb
	return z ^ (z >> 31)
}

func (i *ids) hex32() string {
	const digits = "0123456789abcdef"
	var id [32]byte
	for half := range 2 {
		bits := i.bits()
		for digit := range 16 {
			id[half*16+digit] = digits[bits>>(60-4*digit)&0xf]
		}
	}
	return string(id[:])
}

func (i *ids) fraction() float64 { return float64(i.bits()>>11) / (1 << 53) }
