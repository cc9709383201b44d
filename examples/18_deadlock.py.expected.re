threadwise: deadlock: 2 threads wait for each other, and nothing but a signal can end it
  "(ada|bob)" [(]native id [0-9]+[)] holds RLock 0x[0-9a-f]+, and waits for RLock 0x[0-9a-f]+ held by "(ada|bob)" for [0-9]+[.][0-9]+ s
      File ".*18_deadlock[.]py", line [0-9]+, in unless_it_deadlocks
        transfer[(][*]arguments[)]
      File ".*18_deadlock[.]py", line [0-9]+, in transfer_carelessly
        with taker[.]lock:
  "(ada|bob)" [(]native id [0-9]+[)] holds RLock 0x[0-9a-f]+, and waits for RLock 0x[0-9a-f]+ held by "(ada|bob)" for [0-9]+[.][0-9]+ s
      File ".*18_deadlock[.]py", line [0-9]+, in unless_it_deadlocks
        transfer[(][*]arguments[)]
      File ".*18_deadlock[.]py", line [0-9]+, in transfer_carelessly
        with taker[.]lock:
(ada|bob) gave up
savings (90, current 110|110, current 90)
savings (90, current 110|110, current 90)
