(tomorrow's call is taken back|50 ms have passed)
(tomorrow's call is taken back|50 ms have passed)
