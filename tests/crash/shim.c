/* Stands between a process and the C library's file calls (LD_PRELOAD), for the files below one directory. It writes
 * down every effect in the order in which it happened, and lets chosen calls fail. `trace.rs` reads what it writes.
 *
 *   ARENA_SHIM_ROOT   the directory, absolute and canonical
 *   ARENA_SHIM_TRACE  the file that takes the records
 *   ARENA_SHIM_MARKS  a file outside ROOT; what is written to it becomes a mark in the trace
 *   ARENA_SHIM_FAULT  "classes,k,errno,times,short,path": from the k-th call of these classes on, so many calls fail;
 *                     with short = 1 the first of them writes half instead; only paths that contain `path` count
 *
 * One lock is held over each call and its record, so the order in the trace is the order of the effects. The calls
 * themselves go straight to the kernel. Nothing is allocated. What cannot be recorded truthfully ends the process:
 * a trace that is silently incomplete would prove nothing. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#if !defined(__linux__) || !defined(__GLIBC__) || !defined(__LP64__)
#error "the crash tests record file calls on 64-bit Linux with the GNU C library only"
#endif

enum { PATH_LEN = 512, FD_COUNT = 1024 };
enum op {
    START = 1, OPEN, CLOSE, DUP, WRITE, SET_LEN, ALLOCATE, SYNC, RANGE, RENAME, LINK, UNLINK, MKDIR, RMDIR, MARK, FAULT
};
enum class { C_WRITE = 1, C_SYNC = 2, C_NAME = 4, C_OPEN = 8 };
enum place { OUTSIDE, INSIDE, MARKS };

struct record { uint16_t op; uint16_t pad; int32_t fd; uint64_t a, b; uint32_t len1, len2; };
struct slot { _Atomic int place; int sync_each; char path[PATH_LEN]; };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int trace = -1;
static const char *root, *marks;
static size_t root_len;
static struct slot slots[FD_COUNT];
static struct { int classes, k, error, times, partly, seen; const char *path; } fault;

static void die(const char *what, const char *path) {
    struct iovec text[] = {{"crash shim: ", 12}, {(void *)what, strlen(what)}, {": ", 2}, {(void *)path, strlen(path)}};
    syscall(SYS_writev, 2, text, 4);
    syscall(SYS_exit_group, 99);
    abort();
}

static void emit(
    enum op op, int fd, uint64_t a, uint64_t b, const void *first, size_t len1, const void *second, size_t len2
) {
    struct record r = {.op = op, .fd = fd, .a = a, .b = b, .len1 = len1, .len2 = len2};
    struct iovec parts[] = {{&r, sizeof r}, {(void *)first, len1}, {(void *)second, len2}};
    int saved = errno;
    long written = len1 > UINT32_MAX ? -1 : syscall(SYS_writev, trace, parts, 3);
    if (written != (long)(sizeof r + len1 + len2)) die("cannot write the trace", "");
    errno = saved;
}

static void emit_fd(enum op op, int fd, uint64_t a, uint64_t b) { emit(op, fd, a, b, "", 0, "", 0); }
static void emit_path(enum op op, int fd, uint64_t a, const char *path) {
    emit(op, fd, a, 0, path, strlen(path), "", 0);
}

static int known(int fd) { return fd >= 0 && fd < FD_COUNT ? atomic_load(&slots[fd].place) : OUTSIDE; }
static void forget(int fd) { if (fd >= 0 && fd < FD_COUNT) atomic_store(&slots[fd].place, OUTSIDE); }

static void remember(int fd, int place, const char *path, int flags) {
    if (fd >= FD_COUNT) die("too many open files to follow", path);
    slots[fd].sync_each = (flags & (O_SYNC | O_DSYNC)) != 0;
    strcpy(slots[fd].path, path);
    atomic_store(&slots[fd].place, place);
}

/* Where `path` lies, and in `out` its name below the root, in one spelling. */
static enum place locate(int dir, const char *path, char out[PATH_LEN]) {
    size_t n = 0;
    if (trace < 0 || path == NULL) return OUTSIDE;
    if (path[0] == '/') {
        if (marks != NULL && strcmp(path, marks) == 0) { strcpy(out, "marks"); return MARKS; }
        if (strncmp(path, root, root_len) != 0 || (path[root_len] != '/' && path[root_len] != 0)) return OUTSIDE;
        path += root_len;
    } else {
        if (known(dir) != INSIDE) return OUTSIDE;
        n = strlen(slots[dir].path);
        memcpy(out, slots[dir].path, n);
    }
    while (*path) {
        size_t len = strcspn(path, "/");
        if (len == 2 && memcmp(path, "..", 2) == 0) die("cannot follow '..'", path);
        if (len > 0 && !(len == 1 && *path == '.')) {
            if (n + len + 2 > PATH_LEN) die("too long a path to follow", path);
            if (n > 0) out[n++] = '/';
            memcpy(out + n, path, len);
            n += len;
        }
        path += len + (path[len] == '/');
    }
    out[n] = 0;
    return INSIDE;
}

/* Whether this call has to fail; sets errno, or for a short write only `*half`. Called with the lock held. */
static int fails(enum class class, int fd, const char *path, int *half) {
    if (!(fault.classes & class) || (fault.path[0] && !strstr(path, fault.path))) return 0;
    int number = ++fault.seen;
    if (number < fault.k || number - fault.k >= fault.times) return 0;
    if (number == fault.k && fault.partly && half != NULL) {
        *half = 1;
        emit(FAULT, fd, class, 0, path, strlen(path), "", 0);
        return 0;
    }
    emit(FAULT, fd, class, (uint64_t)fault.error, path, strlen(path), "", 0);
    errno = fault.error;
    return 1;
}

#define ENTER() pthread_mutex_lock(&lock)
/* `result` is a value, not a call: it is looked at when the lock is gone. */
#define LEAVE(result) do { int saved_ = errno; pthread_mutex_unlock(&lock); errno = saved_; return result; } while (0)

__attribute__((constructor)) static void start(void) {
    const char *file = getenv("ARENA_SHIM_TRACE"), *spec = getenv("ARENA_SHIM_FAULT");
    root = getenv("ARENA_SHIM_ROOT");
    marks = getenv("ARENA_SHIM_MARKS");
    if (root == NULL || file == NULL) return;
    root_len = strlen(root);
    if (spec != NULL) {
        int *fields[] = {&fault.classes, &fault.k, &fault.error, &fault.times, &fault.partly};
        char *at = (char *)spec;
        for (int i = 0; i < 5; i++) {
            *fields[i] = (int)strtol(at, &at, 10);
            if (*at++ != ',') die("cannot read ARENA_SHIM_FAULT", spec);
        }
        fault.path = at;
    }
    int fd = (int)syscall(SYS_openat, AT_FDCWD, file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (fd < 0) die("cannot open the trace", file);
    trace = fd;
    emit_path(START, 0, 1, root);
}

static int open_at(int dir, const char *path, int flags, mode_t mode) {
    char name[PATH_LEN];
    enum place place = locate(dir, path, name);
    if (place == OUTSIDE) {
        int fd = (int)syscall(SYS_openat, dir, path, flags, mode);
        forget(fd);
        return fd;
    }
    ENTER();
    int writes = (flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC);
    int creates = (flags & O_CREAT) && syscall(SYS_faccessat, dir, path, F_OK) != 0;
    if ((flags & O_TMPFILE) == O_TMPFILE) die("cannot follow O_TMPFILE", path);
    if (place == INSIDE && creates && fails(C_NAME, -1, name, NULL)) LEAVE(-1);
    if (place == INSIDE && writes && fails(C_OPEN, -1, name, NULL)) LEAVE(-1);
    int fd = (int)syscall(SYS_openat, dir, path, flags, mode);
    if (fd >= 0) {
        remember(fd, place, name, flags);
        if (place == INSIDE) emit_path(OPEN, fd, ((flags & O_CREAT) ? 1 : 0) | ((flags & O_TRUNC) ? 2 : 0), name);
    }
    LEAVE(fd);
}

static mode_t mode_of(int flags, va_list list) { return (flags & (O_CREAT | O_TMPFILE)) ? va_arg(list, mode_t) : 0; }
#define OPENER(name, params, dir) \
    int name params { \
        va_list list; \
        va_start(list, flags); \
        mode_t mode = mode_of(flags, list); \
        va_end(list); \
        return open_at(dir, path, flags, mode); \
    }
OPENER(open, (const char *path, int flags, ...), AT_FDCWD)
OPENER(open64, (const char *path, int flags, ...), AT_FDCWD)
OPENER(openat, (int dir, const char *path, int flags, ...), dir)
OPENER(openat64, (int dir, const char *path, int flags, ...), dir)
int creat(const char *path, mode_t mode) { return open_at(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }
int creat64(const char *path, mode_t mode) { return creat(path, mode); }

int close(int fd) {
    if (known(fd) == OUTSIDE) return (int)syscall(SYS_close, fd);
    ENTER();
    if (known(fd) == INSIDE) emit_fd(CLOSE, fd, 0, 0);
    forget(fd);
    int done = (int)syscall(SYS_close, fd);
    LEAVE(done);
}

int closedir(DIR *dir) {
    int (*real)(DIR *) = (int (*)(DIR *))dlsym(RTLD_NEXT, "closedir");
    if (real == NULL) die("the C library has no closedir", "");
    ENTER();
    if (known(dirfd(dir)) == INSIDE) emit_fd(CLOSE, dirfd(dir), 0, 0);
    forget(dirfd(dir));
    int done = real(dir);
    LEAVE(done);
}

static int copied(int fd, int new_fd) {
    if (new_fd < 0 || new_fd == fd) return new_fd;
    forget(new_fd);
    if (known(fd) == OUTSIDE) return new_fd;
    ENTER();
    remember(new_fd, known(fd), slots[fd].path, slots[fd].sync_each ? O_SYNC : 0);
    if (known(fd) == INSIDE) emit_fd(DUP, fd, (uint64_t)new_fd, 0);
    LEAVE(new_fd);
}

int dup(int fd) { return copied(fd, (int)syscall(SYS_dup, fd)); }
int dup3(int fd, int new_fd, int flags) { return copied(fd, (int)syscall(SYS_dup3, fd, new_fd, flags)); }
int dup2(int fd, int new_fd) { return fd == new_fd ? fd : dup3(fd, new_fd, 0); }
static int fcntl_any(int fd, int command, long argument) {
    int result = (int)syscall(SYS_fcntl, fd, command, argument);
    return command == F_DUPFD || command == F_DUPFD_CLOEXEC ? copied(fd, result) : result;
}
#define FCNTL(name) \
    int name(int fd, int command, ...) { \
        va_list list; \
        va_start(list, command); \
        long argument = va_arg(list, long); \
        va_end(list); \
        return fcntl_any(fd, command, argument); \
    }
FCNTL(fcntl)
FCNTL(fcntl64)

/* Writes at `at`, or at the file's position if that is negative. */
static ssize_t write_parts(int fd, const struct iovec *parts, int count, int64_t at, int flags) {
    struct iovec half_part;
    int half = 0;
    ENTER();
    if (known(fd) == INSIDE && fails(C_WRITE, fd, slots[fd].path, &half)) LEAVE(-1);
    if (half && count > 0 && parts[0].iov_len > 1) {
        half_part = (struct iovec){parts[0].iov_base, parts[0].iov_len / 2};
        parts = &half_part;
        count = 1;
    }
    long done = at < 0 ? syscall(SYS_writev, fd, parts, count)
                       : syscall(SYS_pwritev2, fd, parts, count, at, 0L, flags);
    if (known(fd) == INSIDE && done > 0) {
        uint64_t place = at < 0 ? (uint64_t)(syscall(SYS_lseek, fd, 0L, SEEK_CUR) - done) : (uint64_t)at;
        for (long left = done; left > 0; parts++) {
            size_t len = parts->iov_len < (size_t)left ? parts->iov_len : (size_t)left;
            if (len > 0) emit(WRITE, fd, place, 0, parts->iov_base, len, "", 0);
            place += len;
            left -= (long)len;
        }
        if (slots[fd].sync_each || (flags & (RWF_SYNC | RWF_DSYNC))) emit_fd(SYNC, fd, 0, 0);
    } else if (done > 0) {
        if (count != 1) die("a mark is one piece", slots[fd].path);
        emit(MARK, 0, 0, 0, parts[0].iov_base, (size_t)done, "", 0);
    }
    LEAVE(done);
}

ssize_t write(int fd, const void *bytes, size_t len) {
    if (known(fd) == OUTSIDE) return syscall(SYS_write, fd, bytes, len);
    return write_parts(fd, &(struct iovec){(void *)bytes, len}, 1, -1, 0);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    return known(fd) == OUTSIDE ? syscall(SYS_writev, fd, parts, count) : write_parts(fd, parts, count, -1, 0);
}

ssize_t pwrite64(int fd, const void *bytes, size_t len, off64_t at) {
    if (known(fd) == OUTSIDE) return syscall(SYS_pwrite64, fd, bytes, len, at);
    return write_parts(fd, &(struct iovec){(void *)bytes, len}, 1, at, 0);
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t at) { return pwrite64(fd, bytes, len, at); }
ssize_t pwritev64v2(int fd, const struct iovec *parts, int count, off64_t at, int flags) {
    if (known(fd) == OUTSIDE) return syscall(SYS_pwritev2, fd, parts, count, at, 0L, flags);
    return write_parts(fd, parts, count, at, flags);
}
ssize_t pwritev2(int fd, const struct iovec *parts, int count, off_t at, int flags) {
    return pwritev64v2(fd, parts, count, at, flags);
}
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t at) {
    return pwritev64v2(fd, parts, count, at, 0);
}
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) { return pwritev64v2(fd, parts, count, at, 0); }

/* A call on a descriptor that is one system call, one record and one chance to fail. */
#define ON_FD(class, fd, real, record) do { \
        if (known(fd) != INSIDE) return (int)(real); \
        ENTER(); \
        if (fails(class, fd, slots[fd].path, NULL)) LEAVE(-1); \
        long done_ = (real); \
        if (done_ == 0) record; \
        LEAVE((int)done_); \
    } while (0)

int ftruncate64(int fd, off64_t len) {
    ON_FD(C_WRITE, fd, syscall(SYS_ftruncate, fd, len), emit_fd(SET_LEN, fd, (uint64_t)len, 0));
}
int ftruncate(int fd, off_t len) { return ftruncate64(fd, len); }
int fallocate64(int fd, int mode, off64_t at, off64_t len) {
    int followed = FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE;
    if (known(fd) == INSIDE && (mode & ~followed)) die("cannot follow this fallocate", slots[fd].path);
    int32_t how = mode;
    ON_FD(C_WRITE, fd, syscall(SYS_fallocate, fd, mode, at, len),
          emit(ALLOCATE, fd, (uint64_t)at, (uint64_t)len, &how, sizeof how, "", 0));
}
int fallocate(int fd, int mode, off_t at, off_t len) { return fallocate64(fd, mode, at, len); }
int posix_fallocate64(int fd, off64_t at, off64_t len) { return fallocate64(fd, 0, at, len) == 0 ? 0 : errno; }
int posix_fallocate(int fd, off_t at, off_t len) { return posix_fallocate64(fd, at, len); }
int fsync(int fd) { ON_FD(C_SYNC, fd, syscall(SYS_fsync, fd), emit_fd(SYNC, fd, 0, 0)); }
int fdatasync(int fd) { ON_FD(C_SYNC, fd, syscall(SYS_fdatasync, fd), emit_fd(SYNC, fd, 1, 0)); }
int sync_file_range(int fd, off64_t at, off64_t len, unsigned flags) {
    ON_FD(C_SYNC, fd, syscall(SYS_sync_file_range, fd, at, len, flags),
          emit_fd(RANGE, fd, (uint64_t)at, (uint64_t)len));
}
int fchmod(int fd, mode_t mode) { ON_FD(C_NAME, fd, syscall(SYS_fchmod, fd, mode), (void)0); }

/* Calls on names. */
static int on_name(enum op op, int dir, const char *path, long (*real)(int, const char *, long), long extra) {
    char name[PATH_LEN];
    if (locate(dir, path, name) != INSIDE) return (int)real(dir, path, extra);
    ENTER();
    if (fails(C_NAME, -1, name, NULL)) LEAVE(-1);
    long done = real(dir, path, extra);
    if (done == 0 && op != START) emit_path(op, 0, 0, name);
    LEAVE((int)done);
}
static long real_unlink(int dir, const char *path, long flags) { return syscall(SYS_unlinkat, dir, path, flags); }
static long real_mkdir(int dir, const char *path, long mode) { return syscall(SYS_mkdirat, dir, path, mode); }
static long real_chmod(int dir, const char *path, long mode) { return syscall(SYS_fchmodat, dir, path, mode); }
int unlinkat(int dir, const char *path, int flags) {
    return on_name(flags & AT_REMOVEDIR ? RMDIR : UNLINK, dir, path, real_unlink, flags);
}
int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }
int mkdirat(int dir, const char *path, mode_t mode) { return on_name(MKDIR, dir, path, real_mkdir, mode); }
int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }
int chmod(const char *path, mode_t mode) { return on_name(START, AT_FDCWD, path, real_chmod, mode); }

static int two_names(enum op op, int dir1, const char *path1, int dir2, const char *path2, unsigned flags) {
    char from[PATH_LEN], to[PATH_LEN];
    int call = op == RENAME ? SYS_renameat2 : SYS_linkat;
    int inside = (locate(dir1, path1, from) == INSIDE) + (locate(dir2, path2, to) == INSIDE);
    if (inside == 0) return (int)syscall(call, dir1, path1, dir2, path2, flags);
    int odd = inside == 1 || (op == RENAME && (flags & ~(unsigned)RENAME_NOREPLACE));
    if (odd) die("cannot follow this rename or link", path1);
    ENTER();
    if (fails(C_NAME, -1, to, NULL)) LEAVE(-1);
    long done = syscall(call, dir1, path1, dir2, path2, flags);
    if (done == 0) emit(op, 0, 0, 0, from, strlen(from), to, strlen(to));
    LEAVE((int)done);
}
int renameat2(int dir1, const char *path1, int dir2, const char *path2, unsigned flags) {
    return two_names(RENAME, dir1, path1, dir2, path2, flags);
}
int renameat(int dir1, const char *path1, int dir2, const char *path2) {
    return renameat2(dir1, path1, dir2, path2, 0);
}
int rename(const char *path1, const char *path2) { return renameat2(AT_FDCWD, path1, AT_FDCWD, path2, 0); }
int linkat(int dir1, const char *path1, int dir2, const char *path2, int flags) {
    return two_names(LINK, dir1, path1, dir2, path2, (unsigned)flags);
}
int link(const char *path1, const char *path2) { return linkat(AT_FDCWD, path1, AT_FDCWD, path2, 0); }

/* Ways round `write`. The copying calls may be refused: every caller falls back to reading and writing. */
static ssize_t refused(int error) { errno = error; return -1; }
ssize_t copy_file_range(int in, off64_t *at, int out, off64_t *to, size_t len, unsigned flags) {
    return known(out) == INSIDE ? refused(ENOSYS) : syscall(SYS_copy_file_range, in, at, out, to, len, flags);
}
ssize_t sendfile64(int out, int in, off64_t *at, size_t len) {
    return known(out) == INSIDE ? refused(ENOSYS) : syscall(SYS_sendfile, out, in, at, len);
}
ssize_t sendfile(int out, int in, off_t *at, size_t len) { return sendfile64(out, in, at, len); }
ssize_t splice(int in, off64_t *at, int out, off64_t *to, size_t len, unsigned flags) {
    return known(out) == INSIDE ? refused(EINVAL) : syscall(SYS_splice, in, at, out, to, len, flags);
}
void *mmap64(void *where, size_t len, int protection, int flags, int fd, off64_t at) {
    int writes = (flags & MAP_SHARED) && (protection & PROT_WRITE);
    if (writes && known(fd) == INSIDE) die("cannot follow a writable mapping", slots[fd].path);
    return (void *)syscall(SYS_mmap, where, len, protection, flags, fd, at);
}
void *mmap(void *where, size_t len, int protection, int flags, int fd, off_t at) {
    return mmap64(where, len, protection, flags, fd, at);
}
int symlink(const char *target, const char *path) {
    char name[PATH_LEN];
    if (locate(AT_FDCWD, path, name) == INSIDE) die("cannot follow a symbolic link", path);
    return (int)syscall(SYS_symlinkat, target, AT_FDCWD, path);
}
int truncate64(const char *path, off64_t len) {
    char name[PATH_LEN];
    if (locate(AT_FDCWD, path, name) == INSIDE) die("cannot follow truncate", path);
    return (int)syscall(SYS_truncate, path, len);
}
int truncate(const char *path, off_t len) { return truncate64(path, len); }
