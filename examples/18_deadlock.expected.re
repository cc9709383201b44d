threadwise: deadlock: 2 threads wait for each other, and nothing but an interrupt can end it
  "(ada|bob)" [(]ident [0-9]+, native id [0-9]+[)] holds RLock 0x[0-9a-f]+, and waits for RLock 0x[0-9a-f]+ held by "(ada|bob)" [(]ident [0-9]+[)]
    for [0-9]+[.][0-9]+ s, at .*18_deadlock[.]cpp:[0-9]+ [(]transfer_carelessly[)]
  "(ada|bob)" [(]ident [0-9]+, native id [0-9]+[)] holds RLock 0x[0-9a-f]+, and waits for RLock 0x[0-9a-f]+ held by "(ada|bob)" [(]ident [0-9]+[)]
    for [0-9]+[.][0-9]+ s, at .*18_deadlock[.]cpp:[0-9]+ [(]transfer_carelessly[)]
(ada|bob) gave up
savings (90, current 110|110, current 90)
savings (90, current 110|110, current 90)
