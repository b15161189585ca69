#!/bin/sh
# Makes the namespaces that it is started in a machine of their own, and becomes its systemd. $1 is a Debian root, of which
# nothing is changed; $2 a folder to work in. Needs root, and unshare --pid --mount --ipc --uts --net --cgroup --fork.
set -e
base=$1 work=$2
mount --make-rprivate /
mount -t tmpfs tmpfs "$work"
root=$work/root
mkdir "$work/upper" "$work/index" "$root"
mount -t overlay overlay -o "lowerdir=$base,upperdir=$work/upper,workdir=$work/index" "$root"

mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
# Where the machine itself has groups of the first version, this folder is empty, and the second is unmixed inside.
mount -t tmpfs tmpfs "$root/sys/fs/cgroup"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for device in "null 1 3" "zero 1 5" "full 1 7" "random 1 8" "urandom 1 9" "tty 5 0"; do
  set -- $device
  mknod -m 666 "$root/dev/$1" c "$2" "$3"
done
mkdir "$root/dev/pts" "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"

cd "$root"
mkdir .old
pivot_root . .old
umount -l /.old
# As systemd itself has it where it thinks that it is not in a container: else services would not see their credentials.
mount --make-rshared /
exec env -i container=namespaces PATH=/usr/sbin:/usr/bin:/sbin:/bin /usr/lib/systemd/systemd --system
