/* SPDX-License-Identifier: MIT */
/*
 * What a PVH guest learns of its machine by name: its processors. The C
 * preprocessor repeats them, since ASL cannot; NCPU, how many the guest may
 * ever have, is in the SSDT that tables.c makes for each guest.
 *
 * Those that the MADT calls offline are listed as present: so a guest learns
 * their APICs. Linux hides them again at once, and shows one, for udev to
 * bring up, when the toolstack says so in xenstore (cpu/N/availability). No
 * event of ACPI's tells it, so there is no _EJ0 and no notification here.
 */

#define CPU(name, id)							\
	Device (name) {							\
		Name (_HID, "ACPI0007")					\
		Name (_UID, id)						\
		Method (_STA) { Return (STAT (id)) }			\
		Method (_MAT) { Return (LAPC (id)) }			\
	}

/* Names end in hex digits: ROW is all but the last, which are A to H. */
#define JOIN(a, b) a ## b
#define EIGHT(row, from, a, b, c, d, e, f, g, h)			\
	CPU (JOIN (row, a), from)					\
	CPU (JOIN (row, b), from + 1)					\
	CPU (JOIN (row, c), from + 2)					\
	CPU (JOIN (row, d), from + 3)					\
	CPU (JOIN (row, e), from + 4)					\
	CPU (JOIN (row, f), from + 5)					\
	CPU (JOIN (row, g), from + 6)					\
	CPU (JOIN (row, h), from + 7)
#define SIXTEEN(row, from)						\
	EIGHT (row, from, 0, 1, 2, 3, 4, 5, 6, 7)			\
	EIGHT (row, from + 8, 8, 9, A, B, C, D, E, F)

DefinitionBlock ("", "DSDT", 2, "XLLITE", "PVH", 1)
{
	External (\NCPU, IntObj)

	Scope (\_SB)
	{
		/* present, enabled, shown, working; or nothing of that */
		Method (STAT, 1)
		{
			If (Arg0 < \NCPU) { Return (0x0F) }
			Return (Zero)
		}

		/* Its entry as in the MADT: local APICs have even numbers. */
		Method (LAPC, 1, Serialized)
		{
			Local0 = Buffer (8) { 0, 8, 0, 0, 1, 0, 0, 0 }
			Local0[2] = Arg0
			Local0[3] = Arg0 * 2
			Return (Local0)
		}

		SIXTEEN (CP0, 0x00)
		SIXTEEN (CP1, 0x10)
		SIXTEEN (CP2, 0x20)
		SIXTEEN (CP3, 0x30)
		SIXTEEN (CP4, 0x40)
		SIXTEEN (CP5, 0x50)
		SIXTEEN (CP6, 0x60)
		SIXTEEN (CP7, 0x70)
	}
}
