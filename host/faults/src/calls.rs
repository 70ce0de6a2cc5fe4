//! The functions of the C library that this library stands in for: each asks the watch, makes the raw call and records it.
//! What a record means and what is refused is said elsewhere.
//!
//! Every function here does what the manual says of its namesake, so what callers promise to that one holds here too.
//! Raw system calls are made throughout: a call of the C library would come back here.
#![allow(clippy::missing_safety_doc, reason = "the contract is that of the function of the same name")]
#![allow(unreachable_pub, reason = "the dynamic linker reaches them")]
#![allow(missing_docs, reason = "the manual of the C library has a page on each")]

use libc::{c_char, c_int, c_long, c_void, iovec, mode_t, off_t, size_t, ssize_t};

use crate::names;
use crate::recording::Kind;
use crate::refusals::Call;
use crate::watch::{Made, watch};

fn fail(error: c_int) -> c_long {
    // SAFETY: it is this thread's own place for the number of an error.
    unsafe { *libc::__errno_location() = error };
    -1
}

fn int(answer: c_long) -> c_int {
    c_int::try_from(answer).unwrap_or(-1)
}

fn size(answer: c_long) -> ssize_t {
    ssize_t::try_from(answer).unwrap_or(-1)
}

unsafe fn open_at(at: c_int, path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
    let raw = || unsafe { libc::syscall(libc::SYS_openat, at, path, flags, mode) };
    let Some(mut watch) = watch() else { return int(raw()) };
    let name = unsafe { names::absolute(|fd| watch.path_of(fd), at, path) };
    let Some(name) = name.filter(|name| watch.covers(name)) else { return int(raw()) };
    let made = if unsafe { names::exists(at, path) } { Made::Before } else { Made::Now };
    let changes = flags & (libc::O_WRONLY | libc::O_RDWR | libc::O_CREAT) != 0;
    // Opening what is there takes no room; it fails only where nothing may be written at all.
    if changes
        && let Err(error) = watch.refusals.allowed(Call::Write, usize::from(made == Made::Now))
        && (made == Made::Now || error == libc::EROFS)
    {
        return int(fail(error));
    }
    let fd = int(raw());
    if fd >= 0 {
        watch.opened(fd, name, made);
        if flags & libc::O_TRUNC != 0 && made == Made::Before {
            watch.add(Kind::Cut, fd, 0, &[], &[]);
        }
    }
    fd
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn open(path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
    unsafe { open_at(libc::AT_FDCWD, path, flags, mode) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn open64(path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
    unsafe { open_at(libc::AT_FDCWD, path, flags | libc::O_LARGEFILE, mode) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn openat(at: c_int, path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
    unsafe { open_at(at, path, flags, mode) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn openat64(at: c_int, path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
    unsafe { open_at(at, path, flags | libc::O_LARGEFILE, mode) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn creat(path: *const c_char, mode: mode_t) -> c_int {
    unsafe { open_at(libc::AT_FDCWD, path, libc::O_CREAT | libc::O_WRONLY | libc::O_TRUNC, mode) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn close(fd: c_int) -> c_int {
    // Under the lock, so that nobody is given the number before it is forgotten.
    let mut watch = watch();
    if let Some(watch) = &mut watch {
        watch.closed(fd);
    }
    int(unsafe { libc::syscall(libc::SYS_close, fd) })
}

/// The third argument is an address for some commands; it is passed on as it is.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fcntl(fd: c_int, command: c_int, argument: c_long) -> c_int {
    let mut watch = watch();
    let answer = int(unsafe { libc::syscall(libc::SYS_fcntl, fd, command, argument) });
    if let Some(watch) = watch.as_mut().filter(|_| answer >= 0 && matches!(command, libc::F_DUPFD | libc::F_DUPFD_CLOEXEC)) {
        watch.doubled(fd, answer);
    }
    answer
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn fcntl64(fd: c_int, command: c_int, argument: c_long) -> c_int {
    unsafe { fcntl(fd, command, argument) }
}

/// Writes at an offset, or where the file stands.
unsafe fn write_at(fd: c_int, from: *const c_void, length: size_t, offset: Option<off_t>) -> c_long {
    let raw = |length: size_t| match offset {
        Some(offset) => unsafe { libc::syscall(libc::SYS_pwrite64, fd, from, length, offset) },
        None => unsafe { libc::syscall(libc::SYS_write, fd, from, length) },
    };
    let Some(mut watch) = watch() else { return raw(length) };
    let bytes = |length: usize| unsafe { std::slice::from_raw_parts(from.cast::<u8>(), length) };
    if fd == libc::STDOUT_FILENO {
        watch.add(Kind::Said, fd, 0, &[], bytes(length));
        return raw(length);
    }
    if !watch.has(fd) || length == 0 {
        drop(watch);
        return raw(length);
    }
    let length = match watch.refusals.allowed(Call::Write, length) {
        Ok(length) => length,
        Err(error) => return fail(error),
    };
    let at = offset.unwrap_or_else(|| unsafe { libc::syscall(libc::SYS_lseek, fd, 0, libc::SEEK_CUR) });
    let written = raw(length);
    if let Ok(count @ 1..) = usize::try_from(written) {
        watch.add(Kind::Wrote, fd, u64::try_from(at).unwrap_or(0), &[], bytes(count));
    }
    written
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn write(fd: c_int, from: *const c_void, length: size_t) -> ssize_t {
    size(unsafe { write_at(fd, from, length, None) })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn pwrite(fd: c_int, from: *const c_void, length: size_t, offset: off_t) -> ssize_t {
    size(unsafe { write_at(fd, from, length, Some(offset)) })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn pwrite64(fd: c_int, from: *const c_void, length: size_t, offset: off_t) -> ssize_t {
    size(unsafe { write_at(fd, from, length, Some(offset)) })
}

/// As the manual allows, it writes less than asked: the first part that is not empty.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn writev(fd: c_int, parts: *const iovec, count: c_int) -> ssize_t {
    let watched = fd == libc::STDOUT_FILENO || watch().is_some_and(|watch| watch.has(fd));
    if !watched {
        return size(unsafe { libc::syscall(libc::SYS_writev, fd, parts, count) });
    }
    let parts = unsafe { std::slice::from_raw_parts(parts, usize::try_from(count).unwrap_or(0)) };
    match parts.iter().find(|part| part.iov_len > 0) {
        Some(part) => unsafe { write(fd, part.iov_base, part.iov_len) },
        None => 0,
    }
}

unsafe fn cut(fd: c_int, length: off_t) -> c_int {
    let raw = || int(unsafe { libc::syscall(libc::SYS_ftruncate, fd, length) });
    let Some(mut watch) = watch() else { return raw() };
    if watch.has(fd)
        && let Err(error) = watch.refusals.allowed(Call::Write, 0)
    {
        return int(fail(error));
    }
    let answer = raw();
    if answer == 0 && watch.has(fd) {
        watch.add(Kind::Cut, fd, u64::try_from(length).unwrap_or(0), &[], &[]);
    }
    answer
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn ftruncate(fd: c_int, length: off_t) -> c_int {
    unsafe { cut(fd, length) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn ftruncate64(fd: c_int, length: off_t) -> c_int {
    unsafe { cut(fd, length) }
}

unsafe fn sync(fd: c_int, call: c_long) -> c_int {
    let Some(mut begun) = watch() else { return int(unsafe { libc::syscall(call, fd) }) };
    if !begun.has(fd) {
        drop(begun);
        return int(unsafe { libc::syscall(call, fd) });
    }
    if let Err(error) = begun.refusals.allowed(Call::Sync, 0) {
        return int(fail(error));
    }
    let number = begun.sync_begins(fd);
    drop(begun);
    // Not under the lock: others write while a sync goes on, and those writes are not part of it.
    let answer = int(unsafe { libc::syscall(call, fd) });
    if answer == 0
        && let Some(watch) = watch()
    {
        watch.add(Kind::Synced, fd, number, &[], &[]);
    }
    answer
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn fsync(fd: c_int) -> c_int {
    unsafe { sync(fd, libc::SYS_fsync) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn fdatasync(fd: c_int) -> c_int {
    unsafe { sync(fd, libc::SYS_fdatasync) }
}

unsafe fn rename_at(from_at: c_int, from: *const c_char, to_at: c_int, to: *const c_char) -> c_int {
    let raw = || int(unsafe { libc::syscall(libc::SYS_renameat2, from_at, from, to_at, to, 0) });
    let Some(mut watch) = watch() else { return raw() };
    let names = unsafe { names::absolute(|fd| watch.path_of(fd), from_at, from).zip(names::absolute(|fd| watch.path_of(fd), to_at, to)) };
    let Some((from, to)) = names.filter(|(from, to)| watch.covers(from) || watch.covers(to)) else { return raw() };
    if let Err(error) = watch.refusals.allowed(Call::Write, 0) {
        return int(fail(error));
    }
    let answer = raw();
    if answer == 0 {
        watch.add(Kind::Renamed, 0, 0, &from, &to);
    }
    answer
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rename(from: *const c_char, to: *const c_char) -> c_int {
    unsafe { rename_at(libc::AT_FDCWD, from, libc::AT_FDCWD, to) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn renameat(from_at: c_int, from: *const c_char, to_at: c_int, to: *const c_char) -> c_int {
    unsafe { rename_at(from_at, from, to_at, to) }
}

/// A change of one name.
unsafe fn name_at(kind: Kind, at: c_int, path: *const c_char, call: impl Fn() -> c_long) -> c_int {
    let Some(mut watch) = watch() else { return int(call()) };
    let name = unsafe { names::absolute(|fd| watch.path_of(fd), at, path) };
    let Some(name) = name.filter(|name| watch.covers(name)) else { return int(call()) };
    // Room is needed for a new name only, but a folder that is read-only lets nothing go either.
    let room = usize::from(matches!(kind, Kind::FolderMade));
    if let Err(error) = watch.refusals.allowed(Call::Write, room)
        && (room > 0 || error == libc::EROFS)
    {
        return int(fail(error));
    }
    let answer = int(call());
    if answer == 0 {
        watch.add(kind, 0, 0, &name, &[]);
    }
    answer
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn unlink(path: *const c_char) -> c_int {
    unsafe { unlinkat(libc::AT_FDCWD, path, 0) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rmdir(path: *const c_char) -> c_int {
    unsafe { unlinkat(libc::AT_FDCWD, path, libc::AT_REMOVEDIR) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn unlinkat(at: c_int, path: *const c_char, flags: c_int) -> c_int {
    unsafe { name_at(Kind::Removed, at, path, || libc::syscall(libc::SYS_unlinkat, at, path, flags)) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn mkdir(path: *const c_char, mode: mode_t) -> c_int {
    unsafe { mkdirat(libc::AT_FDCWD, path, mode) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn mkdirat(at: c_int, path: *const c_char, mode: mode_t) -> c_int {
    unsafe { name_at(Kind::FolderMade, at, path, || libc::syscall(libc::SYS_mkdirat, at, path, mode)) }
}

unsafe fn map(at: *mut c_void, length: size_t, access: c_int, flags: c_int, fd: c_int, offset: off_t) -> *mut c_void {
    let is_written = access & libc::PROT_WRITE != 0 && flags & libc::MAP_SHARED != 0 && fd >= 0;
    if is_written && let Some(watch) = watch().filter(|watch| watch.has(fd)) {
        watch.add(Kind::Mapped, fd, 0, &[], &[]);
    }
    unsafe { libc::syscall(libc::SYS_mmap, at, length, access, flags, fd, offset) as *mut c_void }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn mmap(at: *mut c_void, length: size_t, access: c_int, flags: c_int, fd: c_int, offset: off_t) -> *mut c_void {
    unsafe { map(at, length, access, flags, fd, offset) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn mmap64(at: *mut c_void, length: size_t, access: c_int, flags: c_int, fd: c_int, offset: off_t) -> *mut c_void {
    unsafe { map(at, length, access, flags, fd, offset) }
}

/// Calls that change a file in a way that nobody here writes files: whoever reads the recording takes one for a mistake.
unsafe fn unknown(fd: c_int, call: impl Fn() -> c_long) -> c_long {
    if let Some(watch) = watch().filter(|watch| watch.has(fd)) {
        watch.add(Kind::Unknown, fd, 0, &[], &[]);
    }
    call()
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn fallocate(fd: c_int, mode: c_int, offset: off_t, length: off_t) -> c_int {
    int(unsafe { unknown(fd, || libc::syscall(libc::SYS_fallocate, fd, mode, offset, length)) })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn fallocate64(fd: c_int, mode: c_int, offset: off_t, length: off_t) -> c_int {
    unsafe { fallocate(fd, mode, offset, length) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn pwritev(fd: c_int, parts: *const iovec, count: c_int, offset: off_t) -> ssize_t {
    size(unsafe { unknown(fd, || libc::syscall(libc::SYS_pwritev, fd, parts, count, offset, 0)) })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn pwritev64(fd: c_int, parts: *const iovec, count: c_int, offset: off_t) -> ssize_t {
    unsafe { pwritev(fd, parts, count, offset) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn copy_file_range(
    from: c_int,
    from_offset: *mut off_t,
    to: c_int,
    to_offset: *mut off_t,
    length: size_t,
    flags: libc::c_uint,
) -> ssize_t {
    size(unsafe { unknown(to, || libc::syscall(libc::SYS_copy_file_range, from, from_offset, to, to_offset, length, flags)) })
}
