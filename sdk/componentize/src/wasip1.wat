;; The few calls of WASI that the runtime of Go makes, answered without a world behind them: always the same, or a trap.
;; A guest that was told the real time, or drew at random, would decide otherwise when it decides again.
(module
  (import "env" "memory" (memory 0))

  ;; There are no arguments and no environment.
  (func (export "args_sizes_get") (param i32 i32) (result i32) (call $two_zeroes (local.get 0) (local.get 1)))
  (func (export "environ_sizes_get") (param i32 i32) (result i32) (call $two_zeroes (local.get 0) (local.get 1)))
  (func (export "args_get") (param i32 i32) (result i32) (i32.const 0))
  (func (export "environ_get") (param i32 i32) (result i32) (i32.const 0))

  ;; The scheduler asks for a monotonic clock (1), and the collector for the time of day (0) at the end of each round.
  ;; Both bear a clock that stands still, as long as it is not at zero. A process that asks is told to use its context
  ;; before it is built, by `procession/cmd/check`; what slips through is the same moment in every instance.
  (func (export "clock_time_get") (param i32 i64 i32) (result i32)
    (i64.store (local.get 2) (i64.const 1))
    (i32.const 0))

  ;; The seed of Go's maps: the same in every instance.
  (func (export "random_get") (param i32 i32) (result i32)
    (memory.fill (local.get 0) (i32.const 0) (local.get 1))
    (i32.const 0))

  ;; One thread, nobody to yield to.
  (func (export "sched_yield") (result i32) (i32.const 0))

  ;; No files: 8 is `badf`. Go asks at its start which ones there are.
  (func (export "fd_fdstat_get") (param i32 i32) (result i32) (i32.const 8))
  (func (export "fd_fdstat_set_flags") (param i32 i32) (result i32) (i32.const 8))
  (func (export "fd_prestat_get") (param i32 i32) (result i32) (i32.const 8))
  (func (export "fd_prestat_dir_name") (param i32 i32 i32) (result i32) (i32.const 8))
  (func (export "fd_close") (param i32) (result i32) (i32.const 8))

  ;; A process writes nothing, does not end by itself, and waits only with a timer.
  (func (export "fd_write") (param i32 i32 i32 i32) (result i32) (unreachable))
  (func (export "proc_exit") (param i32) (unreachable))
  (func (export "poll_oneoff") (param i32 i32 i32 i32) (result i32) (unreachable))

  (func $two_zeroes (param i32 i32) (result i32)
    (i32.store (local.get 0) (i32.const 0))
    (i32.store (local.get 1) (i32.const 0))
    (i32.const 0)))
