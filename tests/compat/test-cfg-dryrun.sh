# SPDX-License-Identifier: MIT
#
# 'xl-lite -N create' prints what stock 'xl -N create' prints, byte for byte,
# for generated configurations. xl is made to run without Xen by xl-offline.c.

xl_lite=$builddir/tools/xl-lite/xl-lite
xl=$(ls /usr/lib/xen-4.17/bin/xl 2>/dev/null)
if [ -z "$xl" ]; then
	echo "skipped: xl of Xen 4.17 is not installed (xen-utils-4.17)"
	exit 77
fi
if ! "$xl_lite" help create >/dev/null 2>&1; then
	echo "skipped: this xl-lite has no create command"
	exit 77
fi

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
if ! ${CC:-cc} -O1 -shared -fPIC -o "$tmp/xl-offline.so" \
	"$srcdir/tests/compat/xl-offline.c" 2>"$tmp/err"; then
	echo "skipped: xl-offline.c cannot be compiled: $(head -n 1 "$tmp/err")"
	exit 77
fi

xl()
{
	LD_PRELOAD=$tmp/xl-offline.so LD_LIBRARY_PATH= ASAN_OPTIONS= \
		"$xl" "$@"
}

# the same configurations each run
RANDOM=4
one_of()
{
	shift $((RANDOM % $#))
	echo "$1"
}

maybe()
{
	[ $((RANDOM % 2)) = 0 ] && one_of "$@"
}

# an emulated machine
hvm_config()
{
	echo 'memory=200'
	maybe 'boot="dc"'
	maybe 'timer_mode="one_missed_tick_pending"' 'timer_mode=0'
	maybe 'bios="ovmf"' 'bios="seabios"' 'firmware="uefi"' 'firmware="/f"' \
		'firmware_override="/f"'
	maybe 'bios="ovmf"; bios_path_override="/b"'
	maybe 'smbios_firmware="/s"' 'acpi_firmware="/a"; ms_vm_genid="none"'
	maybe 'apic=0' 'acpi_s3=0; acpi_s4=1; acpi_laptop_slate=1'
	maybe 'pae=1; hpet=0; vpt_align=1' 'hap=1; pae=0'
	maybe 'viridian=1' 'viridian=["base","!freq","stimer"]' \
		'viridian=["all","!synic"]' 'viridian=["defaults"]'
	maybe 'mmio_hole=512; xen_platform_pci=0'
	maybe 'vga="stdvga"' 'stdvga=1' 'stdvga=0' 'vga="cirrus"' 'vga="none"'
	maybe 'videoram=32'
	maybe 'vnc=0' 'vnclisten="::"; vncpasswd="x"' \
		'vncdisplay=2; vncunused=0'
	maybe 'spice=1; spiceport=6000; spicepasswd="x,y"; spicevdagent=1' \
		'spice=1; spicetls_port=1; spicedisable_ticketing=1; spicehost="h"' \
		'spice=1; spiceport=1; spicepasswd="x"; spiceagent_mouse=0; spice_clipboard_sharing=1' \
		'spice=0; spice_image_compression="off"; spice_streaming_video="all"'
	maybe 'sdl=1' 'sdl=1; opengl=1; display=":0"; xauthority="/x"' 'sdl=0'
	maybe 'dm_restrict=1; device_model_user="nobody"' 'dm_restrict=0'
	maybe 'nographic=1; keymap="de"' 'hdtype="ahci"' 'hdtype="ide"'
	maybe 'serial="pty"' 'serial=["pty","file:/x"]'
	maybe 'usb=1; usbdevice="tablet"' 'usbdevice=["tablet","mouse"]' \
		'usbversion=3'
	maybe 'soundhw="hda"; vkb_device=0' 'vendor_device="xenserver"'
	maybe 'device_model_args=["-a"]; device_model_args_hvm=["-b","c"]' \
		'device_model_version="qemu-xen"; device_model_override="/d"'
}

# what QEMU serves of other guests
pv_config()
{
	maybe 'vfb=["vnc=1,vncdisplay=2,keymap=de","sdl=1,opengl=0,display=:0"]' \
		'vfb=[""]' 'vfb=["vnc=0, vncpasswd=x,vnclisten=::,vncunused=0"]'
	maybe 'vkb=["backend-type=qemu"]' 'vkb=[]' \
		'vkb=["backend-type=linux,backend=dd,unique-id=u,width=9,height=8"]' \
		'vkb=["feature-abs-pointer=1,feature-raw-pointer=0,backend-type=qemu"]' \
		'vkb=["backend-type=qemu,multi-touch-width=1,multi-touch-height=2,multi-touch-num-contacts=3"]' \
		'vkb=["backend-type=qemu,feature-disable-keyboard=1,feature-disable-pointer=1"]'
	maybe 'device_model_args=["-a"]; device_model_args_pv=["-b","c"]' \
		'device_model_version="qemu-xen"; device_model_override="/d"'
}

config()
{
	local type

	echo 'name="guest"'
	echo 'uuid="12345678-9abc-def0-1234-56789abcdef0"'
	type=$(one_of '' 'type="pv"' 'type="pvh"' 'type="hvm"' 'type="hvm"' \
		'builder="hvm"' 'builder="generic"')
	echo "$type"
	case $type in
	*hvm*)
		echo 'kernel="/boot/vmlinuz"'
		hvm_config
		;;
	*)
		one_of 'kernel="/boot/vmlinuz"' 'kernel="/boot/vmlinuz"' \
			'firmware="pvgrub32"' 'firmware="pvgrub64"' \
			"bootloader='pygrub'; disk=['/x,,xvda']" \
			"bootloader='/b'; kernel='/k'; disk=['/x,,xvda']"
		maybe 'bootloader_args=["-q","--entry=1"]' \
			'bootloader_args=" -q --a=b "'
		pv_config
		;;
	esac
	# to a PVH guest, stock xl writes these over what it has of a shim
	case $type in
	*pvh*) ;;
	*) maybe 'vnc=1; vncpasswd="x"; sdl=1; keymap="de"' \
		'vnc=1; vnclisten="h"; vncdisplay=3' 'vnc=0' ;;
	esac
	maybe 'p9=["tag=t,path=/p,security_model=none"]' 'p9=[]' \
		'p9=["tag=t, path=/p,security_model=none","backend=dd,tag=u,path=/q,security_model=mapped"]'
	maybe 'channel=["name=a,connection=pty"]' 'channel=[]' \
		'channel=["name=a, connection = socket ,path=/s","backend=dd,connection=pty,name=b"]'
	maybe 'seclabel="a:b:c"' 'init_seclabel="a:b:i"' \
		'seclabel="a:b:c"; init_seclabel="a:b:i"'
	maybe 'driver_domain=1' 'driver_domain=0; oos=0' 'oos=1'
	maybe 'acpi=0' 'nestedhvm=1' 'nestedhvm=0; acpi=1'
	maybe 'passthrough="disabled"' 'passthrough="default"'
	maybe 'ioports=["3f8-3ff","60"]; irqs=["4","010"]' \
		'iomem=["a0,20","0xfe000,0x1@10"]' 'ioports=[]; irqs=[]; iomem=[]'
	maybe 'cpuid="host,family=21,model=37,stepping=x,tm=0,rdcl-no=k"' \
		'cpuid="host"' 'cpuid="host,sse4.1=1,clflush=0x10,mds-no=0"' \
		'cpuid=["1:ecx=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx0","7,0:"]'
	maybe 'pvshim=1' 'pvshim=1; pvshim_path="/s"; pvshim_extra="e"' \
		'pvshim=1; pvshim_cmdline="c"' 'pvshim=0'
	maybe 'localtime=1' 'rtc_timeoffset=60' 'rtc_timeoffset="-60"'
	maybe 'shadow_memory=8'
	maybe 'pool="p"; cpu_weight=512; cap=0' 'cap=150'
	maybe 'max_grant_frames=40; max_maptrack_frames=0' \
		'max_grant_version=1; max_event_channels=511'
	maybe 'nomigrate=1; tsc_mode="native"' 'tsc_mode=1' 'nomigrate=0' \
		'tsc_mode="default"'
	maybe 'memory=512' 'memory=0x100' "memory='64'"
	maybe 'maxmem=1024' 'maxmem=512'
	maybe 'vcpus=1' 'vcpus=3'
	maybe 'maxvcpus=4' 'maxvcpus=8'
	maybe 'ramdisk="/boot/initrd"'
	maybe 'root="/dev/xvda1"' 'root=""' 'cmdline="a \"b\" \\ \t/<>é"'
	maybe 'extra="quiet"' 'extra=""'
	maybe 'on_poweroff="preserve"' 'on_poweroff="coredump-destroy"'
	maybe 'on_reboot="destroy"' 'on_reboot="rename-restart"'
	maybe 'on_crash="coredump-restart"' 'on_crash="preserve"'
	maybe 'on_watchdog="restart"' 'on_soft_reset="destroy"'
	maybe "disk=['/x,raw,xvda,w', 'phy:/dev/vg/a,xvdb,r']" \
		"disk=['tap:qcow2:/y,xvda,w']" "disk=[]" \
		"disk=['/i.iso,,hdc,cdrom', 'vdev=xvda,target=/a,b']" \
		"disk=['backend=dd,script=s,discard,vdev=d0p1,target=/z']" \
		"disk=['no-discard,direct-io-safe,/v,vhd,sdb,ro'," \
		"disk=['backendtype=qdisk,/v,qed,sdb'] disk+=['/w,,xvdz']" \
		"disk=['cdrom,vdev=hdc']; disk+=['/w,,xvdz']"
	maybe "vif=['']" "vif=[]" \
		"vif=['bridge=xenbr1,mac=00:16:3e:AA:0b:c', 'rate=10Mb/s']" \
		"vif=['type=ioemu,model=e1000', 'type=vif,mtu=9000,devid=7']" \
		"vif=['ip=10.0.0.1 10.0.0.2,script=vif-route,gatewaydev=g']" \
		"vif=['backend=nd,vifname=v0,trusted', 'untrusted']"
}

# all names of features that Xen has, and those that libxl adds
features()
{
	local value=$1 name

	printf 'cpuid="host'
	for name in $(sed -n 's/^XEN_CPUFEATURE(\([^,]*\),.*/\1/p' \
			/usr/include/xen/arch-x86/cpufeatureset.h |
			tr A-Z_ a-z-) maxleaf stepping model family brandid \
		    clflush proccount localapicid est cntxid cmpxchg16 sse4_1 \
		    sse4.1 sse4_2 sse4.2 aes cmpxchg8 sysenter psn clfsh tm \
		    ia64 pbe arat tsc_adjust cmt lahfsahf cmplegacy altmovcr8 \
		    nodeid perfctr_core perfctr_nb procpkg invtsc ppin btc-no \
		    nc apicidsize svm_npt svm_lbrv svm_nrips svm_tscrate \
		    svm_vmcbclean svm_decode svm_pausefilt lfence+ maxhvleaf; do
		[ "$name" = name ] || printf ',%s=%s' "$name" "$value"
	done
	echo '"'
}

passed=0
accepted=0
failed=0
for i in $(seq 302); do
	case $i in
	301) printf '%s\n' 'name="g"; kernel="/k"; memory=64' \
		'uuid="12345678-9abc-def0-1234-56789abcdef0"' "$(features 1)" ;;
	302) printf '%s\n' 'name="g"; kernel="/k"; memory=64' \
		'uuid="12345678-9abc-def0-1234-56789abcdef0"' "$(features k)" ;;
	*) config ;;
	esac >"$tmp/guest.cfg"
	xl -N create "$tmp/guest.cfg" >"$tmp/xl" 2>"$tmp/xl.err"
	xl_status=$?
	"$xl_lite" -N create "$tmp/guest.cfg" >"$tmp/ours" 2>"$tmp/ours.err"
	status=$?
	if [ $status = $xl_status ] && cmp -s "$tmp/xl" "$tmp/ours"; then
		passed=$((passed + 1))
		[ -s "$tmp/ours" ] && accepted=$((accepted + 1))
		continue
	fi
	failed=$((failed + 1))
	echo "--- $i: xl exits with $xl_status, xl-lite with $status"
	cat "$tmp/guest.cfg" "$tmp/xl.err" "$tmp/ours.err"
	diff -u "$tmp/xl" "$tmp/ours"
done
echo "$passed alike, $accepted of them with a guest; $failed different"

# edge WHAT XL'S-STATUS OURS OUR-MESSAGE <CONFIG: files at the ends of what there is
edge()
{
	cat >"$tmp/guest.cfg"
	xl -N create "$tmp/guest.cfg" >"$tmp/xl" 2>"$tmp/xl.err"
	xl_status=$?
	"$xl_lite" -N create "$tmp/guest.cfg" >"$tmp/ours" 2>"$tmp/ours.err"
	status=$?
	[ $xl_status = "$2" ] && [ $status = "$3" ] &&
		grep -q "$4" "$tmp/ours.err" && return
	failed=$((failed + 1))
	echo "$1: xl exits with $xl_status, xl-lite with $status:"
	head -c 400 "$tmp/ours.err"
}

# DEPTH lists within each other, of a key that is none
nested()
{
	printf 'name="g"; kernel="/k"; memory=64\nx='
	head -c "$1" /dev/zero | tr '\0' '['
	head -c "$1" /dev/zero | tr '\0' ']'
	echo
}

edge 'a file of no bytes' 1 1 'the guest has no name' </dev/null
edge '16 lists within each other' 0 0 'x is not a key' < <(nested 16)
# a bound of ours, which xl-lite.cfg(5) tells; to xl its stack's is one
edge '17 lists within each other' 0 1 'more than 16 deep' < <(nested 17)
edge '500000 lists within each other' 1 1 'more than 16 deep' \
	< <(nested 500000)
edge 'and none of them closed' 1 1 'more than 16 deep' \
	< <(nested 500000 | tr -d ']')
[ $failed = 0 ] && [ $accepted -gt 100 ]
