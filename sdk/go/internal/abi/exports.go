//go:build wasm

package abi

import "unsafe"

//go:wasmimport [export]procession:process/decider@0.1.0 [resource-new]process
func resourceNew(rep int32) int32

// states by the number that the host knows them by: a number and not a pointer, so that the collector need not be told.
var (
	states  = map[int32]any{}
	lastRep int32
)

//go:wasmexport cabi_realloc
func realloc(old unsafe.Pointer, oldBytes, align, bytes uint32) unsafe.Pointer {
	taken := room(bytes)
	if old != nil && oldBytes != 0 {
		copy(unsafe.Slice((*byte)(taken.at), bytes), unsafe.Slice((*byte)(old), oldBytes))
	}
	return taken.at
}

//go:wasmexport procession:process/definition@0.1.0#describe
func describe() unsafe.Pointer {
	out := room(manifestBytes)
	putManifest(out, Exported.Describe())
	return out.at
}

//go:wasmexport procession:process/decider@0.1.0#[static]process.restore
func restore(given int32, at unsafe.Pointer, bytes uint32) unsafe.Pointer {
	var snapshot *string
	if given != 0 {
		text := string(unsafe.Slice((*byte)(at), bytes))
		snapshot = &text
	}
	out := room(20)
	state, fault := Exported.Restore(snapshot)
	if fault != nil {
		putFault(out, fault)
		return out.at
	}
	lastRep++
	states[lastRep] = state
	out.put32(4, uint32(resourceNew(lastRep)))
	return out.at
}

//go:wasmexport procession:process/decider@0.1.0#[dtor]process
func drop(rep int32) { delete(states, rep) }

//go:wasmexport procession:process/decider@0.1.0#[method]process.evolve
func evolve(rep int32, at unsafe.Pointer, count uint32) unsafe.Pointer {
	events := make([]Event, count)
	for i := range events {
		events[i] = readEvent(area{at}.plus(eventBytes * uint32(i)))
	}
	out := room(20)
	putFault(out, Exported.Evolve(states[rep], events))
	return out.at
}

//go:wasmexport procession:process/decider@0.1.0#[method]process.decide
func decide(given unsafe.Pointer) unsafe.Pointer {
	in, out := area{given}, room(28)
	decision, fault := Exported.Decide(states[int32(in.u32(0))], readContext(in.plus(8)), readTrigger(in.plus(48)))
	if fault != nil {
		putFault(out, fault)
	} else {
		putDecision(out.plus(4), decision)
	}
	return out.at
}

//go:wasmexport procession:process/decider@0.1.0#[method]process.look
func look(rep int32) unsafe.Pointer {
	out := room(36)
	putView(out, Exported.Look(states[rep]))
	return out.at
}

//go:wasmexport procession:process/decider@0.1.0#[method]process.snapshot
func snapshot(rep int32) unsafe.Pointer {
	out := room(12)
	putOption(out, 0, Exported.Snapshot(states[rep]))
	return out.at
}

//go:wasmexport cabi_post_procession:process/definition@0.1.0#describe
func described(unsafe.Pointer) { forget() }

//go:wasmexport cabi_post_procession:process/decider@0.1.0#[static]process.restore
func restored(unsafe.Pointer) { forget() }

//go:wasmexport cabi_post_procession:process/decider@0.1.0#[method]process.evolve
func evolved(unsafe.Pointer) { forget() }

//go:wasmexport cabi_post_procession:process/decider@0.1.0#[method]process.decide
func decided(unsafe.Pointer) { forget() }

//go:wasmexport cabi_post_procession:process/decider@0.1.0#[method]process.look
func looked(unsafe.Pointer) { forget() }

//go:wasmexport cabi_post_procession:process/decider@0.1.0#[method]process.snapshot
func snapshotted(unsafe.Pointer) { forget() }
