[0-9]+ (LICENSE|CMakeLists[.]txt)
[0-9]+ (LICENSE|CMakeLists[.]txt)
