/* SPDX-License-Identifier: MIT */
/*
 * Two queues of a vif whose guest chooses the queue of each frame: both read
 * their TAP queue and put what they read, all of it meant for queue 1, into queue
 * 1's inbox; queue 1 fills its ring from there. Queue 0 waits when the inbox is
 * full; queue 1 runs out of pages, and the guest lends more, or never again. What
 * the functions of inbox.c do under their lock is one step here, and an eventfd,
 * like a port that fired, is a bit. The ring itself is rx-queue.pml's. What must
 * hold:
 *
 *  - nobody waits for ever: in the end no frame is in a TAP or in a hand, and
 *    what is in the inbox lacks pages;
 *  - an inbox never holds more than it has room for;
 *  - a frame is dropped only when its queue had no page for another one;
 *  - each frame is received, dropped or in the inbox;
 *  - nobody goes in circles while nothing happens ('live').
 *
 * models: backends/net/inbox.c inbox_put inbox_take inbox_starve inbox_waiting
 * models: backends/net/inbox.c inbox_sleep
 * models: backends/net/queue.c steer steer_round steer_wake rx_fill
 * models: backends/net/queue.c rx_fill_steered tap_wanted queue_sleep queue_run
 *
 * error: lost | assertion violated .*(tap0|inbox==0)
 * error: broken | assertion violated .*(inbox<=|last_lacking)
 *
 * check: two queues and an inbox
 * check: two queues and an inbox do not spin | -DLIVE | live
 *
 * reach: queue 0 waits for room | -DREACH_waits
 * reach: a frame is dropped | -DREACH_drops
 * reach: all came through after queue 0 waited | -DREACH_through
 *
 * mutant: who waits does not say so | -DMUTANT_no_waiting | lost
 * mutant: nobody is woken when there is room | -DMUTANT_no_room_wake | lost
 * mutant: nobody is woken when there will be no pages | -DMUTANT_no_starve_wake | lost
 * mutant: the owner is not woken from sleep | -DMUTANT_no_wake | lost
 * mutant: the owner does not look before it sleeps | -DMUTANT_no_look | lost
 * mutant: the owner does not say that it sleeps | -DMUTANT_no_asleep | lost
 * mutant: starvation is not told | -DLIVE -DMUTANT_no_starve | spins
 * mutant: once starved, starved for good | -DMUTANT_starved_sticks | lost
 * mutant: puts where there is no room | -DMUTANT_no_room | broken
 * mutant: watches the TAP with a frame in its hand | -DLIVE -DMUTANT_watch_tap | spins
 */

#define ROOM 1		/* frames in the inbox */
#define FRAMES 4	/* that come, to either TAP queue */
#define PAGES 4		/* that the guest lends, at most */

byte came, received, dropped;
byte tap0, tap1;		/* frames in each */
bit hand0, hand1;		/* read, not yet in the inbox */

/* -- the inbox, and what wakes ---------------------------------------------------- */

byte inbox;
bit asleep, starved;
bit last_lacking;			/* what starved has to say */
bit waits0, waits1;		/* in->waiting */
bit wake0, wake1;		/* eventfds */

byte lent, pages;		/* of queue 1's ring: in all, and left */
bit event;			/* its port fired */

#ifdef REACH_through
bit waited;
#define WAITED waited = 1
#else
#define WAITED skip
#endif

#ifdef MUTANT_no_room
#define HAS_ROOM (inbox <= ROOM)
#else
#define HAS_ROOM (inbox < ROOM)
#endif

/* inbox_put(); HAND is empty then, or its owner has to be woken */
inline put(hand, waits)
{
	atomic {
		if
		:: HAS_ROOM ->
			inbox++;
			assert(inbox <= ROOM);
			hand = 0;
#ifndef MUTANT_no_wake
			wake1 = wake1 || asleep;
#endif
			asleep = 0
		:: !HAS_ROOM && starved ->
			assert(last_lacking);
			dropped++;
			hand = 0
		:: !HAS_ROOM && !starved ->
#ifndef MUTANT_no_waiting
			waits = 1;
#endif
			WAITED
		fi
	}
}

/* -- host and guest ----------------------------------------------------------------- */

proctype host()
{
end:
	do
	:: atomic { came < FRAMES && tap0 < 2 -> came++; tap0++ }
	:: atomic { came < FRAMES && tap1 < 2 -> came++; tap1++ }
	od
}

proctype guest()
{
end:
	do
	:: atomic { lent < PAGES -> lent++; pages++; event = 1 }
	:: break		/* and never again */
	od
}

/* -- queue 0: reads, and waits -------------------------------------------------------- */

#ifdef MUTANT_watch_tap
#define WATCH0 true
#else
#define WATCH0 (!hand0)
#endif

proctype queue0()
{
	do
	:: atomic { hand0 == 0 && tap0 > 0 -> tap0--; hand0 = 1 };
	   put(hand0, waits0)
	:: atomic { hand0 == 0 && tap0 == 0 -> skip };
end:	   atomic {
		wake0 || tap0 > 0 ->
#ifdef LIVE
progress_0:	skip;
#endif
		wake0 = 0
	   }
	:: atomic { hand0 == 1 -> skip };
end_1:	   if
	   :: atomic { wake0 ->
#ifdef LIVE
progress_1:	skip;
#endif
		wake0 = 0 }
	   :: atomic { WATCH0 && tap0 > 0 -> skip }
	   fi;
	   put(hand0, waits0)
	od
}

/* -- queue 1: reads as well, and fills its ring ---------------------------------------- */

inline steer_own()
{
	if
	:: atomic { hand1 == 0 && tap1 > 0 -> tap1--; hand1 = 1 }; did = 1
	:: atomic { hand1 == 1 || tap1 == 0 -> skip }
	fi;
	if
	:: atomic { hand1 == 1 -> skip }; put(hand1, waits1)
	:: atomic { hand1 == 0 -> skip }
	fi
}

inline fill()
{
	atomic { true -> seen = pages; lacking = 0 };
	do
	:: atomic { inbox == 0 -> break }
	:: atomic { inbox > 0 && seen == 0 -> lacking = 1; break }
	:: atomic { inbox > 0 && seen > 0 ->
		inbox--; seen--; pages--; received++; did = 1 }
	od
}

inline tell()
{
	atomic {
		true ->
		last_lacking = lacking;
#ifndef MUTANT_no_starve
#ifdef MUTANT_starved_sticks
		starved = starved || lacking
#else
		starved = lacking
#endif
#endif
	};
	atomic {
#ifdef MUTANT_no_room_wake
		if
		:: lacking
#elif defined(MUTANT_no_starve_wake)
		if
		:: !lacking
#else
		if
		:: true
#endif
			-> wake0 = wake0 || waits0; wake1 = wake1 || waits1
		:: else
		fi;
		waits0 = 0;
		waits1 = 0
	}
}

inline sleep1()
{
	atomic {
		true ->
		stay = (inbox > 0 && !starved);
#ifdef MUTANT_no_look
		stay = 0;
#endif
#ifndef MUTANT_no_asleep
		asleep = (inbox == 0)
#endif
	};
	if
	:: atomic { stay -> stay = 0 }
	:: atomic { !stay -> skip };
end:	   atomic {
		wake1 || event || (!hand1 && tap1 > 0) ->
#ifdef LIVE
progress_2:	skip;
#endif
		wake1 = 0;
		event = 0
	   }
	fi
}

proctype queue1()
{
	byte seen;
	bit lacking, did, stay;

	do
	:: did = 0;
	   steer_own();
	   fill();
	   tell();
	   if
	   :: did
	   :: else -> sleep1()
	   fi
	od
}

/* -- what must hold ------------------------------------------------------------------------ */

proctype judge()
{
	atomic {
		timeout ->
		assert(tap0 == 0 && tap1 == 0 && hand0 == 0 && hand1 == 0);
		assert(inbox == 0 || pages == 0);
		assert(received + dropped + inbox == came);
#ifdef REACH_through
		if
		:: waited && received == FRAMES -> assert(false)
		:: else
		fi
#endif
	}
}

init
{
	atomic {
		run host();
		run guest();
		run queue0();
		run queue1();
		run judge()
	}
#ifdef REACH_waits
end:	waits0 -> assert(false)
#endif
#ifdef REACH_drops
end:	dropped > 0 -> assert(false)
#endif
}
