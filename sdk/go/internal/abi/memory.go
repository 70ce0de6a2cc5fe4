package abi

import "unsafe"

// What is passed between the host and a call stays reachable until the host has read the answer, or it would be collected:
// the collector sees no pointer in a number. It moves nothing, so the numbers stay right.
var (
	rooms [][]uint64
	texts []string
)

// forget is called when the host has read the answer.
func forget() {
	clear(rooms)
	clear(texts)
	rooms, texts = rooms[:0], texts[:0]
}

// room is memory of this many bytes, all zero, aligned to eight.
func room(bytes uint32) area {
	if bytes == 0 {
		return area{unsafe.Pointer(&nothing)}
	}
	taken := make([]uint64, (uint64(bytes)+7)/8)
	rooms = append(rooms, taken)
	return area{unsafe.Pointer(unsafe.SliceData(taken))}
}

var nothing uint64

// area is a place in memory, and reads and writes at so many bytes from it.
type area struct{ at unsafe.Pointer }

func (a area) plus(bytes uint32) area { return area{unsafe.Add(a.at, bytes)} }

func (a area) u8(at uint32) uint8   { return *(*uint8)(unsafe.Add(a.at, at)) }
func (a area) u32(at uint32) uint32 { return *(*uint32)(unsafe.Add(a.at, at)) }
func (a area) u64(at uint32) uint64 { return *(*uint64)(unsafe.Add(a.at, at)) }

// text is a copy: an author may keep it in a state, and the call's memory is given back.
func (a area) text(at uint32) string {
	bytes := a.u32(at + 4)
	if bytes == 0 {
		return ""
	}
	return string(unsafe.Slice((*byte)(address(a.u32(at))), bytes))
}

func (a area) put8(at uint32, value uint8)   { *(*uint8)(unsafe.Add(a.at, at)) = value }
func (a area) put32(at uint32, value uint32) { *(*uint32)(unsafe.Add(a.at, at)) = value }
func (a area) put64(at uint32, value uint64) { *(*uint64)(unsafe.Add(a.at, at)) = value }

func (a area) putText(at uint32, text string) {
	if text == "" {
		return
	}
	texts = append(texts, text)
	a.put32(at, uint32(uintptr(unsafe.Pointer(unsafe.StringData(text)))))
	a.put32(at+4, uint32(len(text)))
}

// putList makes room for the elements, each of this many bytes, and lets each be written.
func putList[E any](a area, at uint32, list []E, bytes uint32, put func(area, E)) {
	if len(list) == 0 {
		return
	}
	elements := room(bytes * uint32(len(list)))
	for i, element := range list {
		put(elements.plus(bytes*uint32(i)), element)
	}
	a.put32(at, uint32(uintptr(elements.at)))
	a.put32(at+4, uint32(len(list)))
}

// address makes a pointer of a number that the host gave back; it lies in a room.
func address(at uint32) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&[2]uint32{at, 0})) }
