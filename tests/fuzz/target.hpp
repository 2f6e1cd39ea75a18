#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

/// One file of `targets/` is one target: what a stranger may send goes in, and the properties it states hold for any
/// input. With libFuzzer (CMake option CAUSEWAY_FUZZ, clang) each is a program of its own, fuzz_<name>; without it all
/// are part of test_fuzz, which replays `corpus/<name>` with a fixed number of seeded mutations.
namespace causeway::fuzz {

struct broken_property : std::logic_error {
  using std::logic_error::logic_error;
};

/// States a property of the code under test.
inline void must(bool holds, const char* property) {
  if (!holds) throw broken_property{property};
}

struct target {
  std::string name;
  std::function<void(std::string_view)> run;
};

/// Every target linked into this program.
inline std::vector<target>& targets() {
  static std::vector<target> all;
  return all;
}

} // namespace causeway::fuzz

#ifdef CAUSEWAY_LIBFUZZER
#define FUZZ_TARGET(name)                                                                                              \
  static void run_##name(std::string_view input);                                                                      \
  extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {                                  \
    run_##name({reinterpret_cast<const char*>(data), size});                                                           \
    return 0;                                                                                                          \
  }                                                                                                                    \
  static void run_##name(std::string_view input)
#else
#define FUZZ_TARGET(name)                                                                                              \
  static void run_##name(std::string_view input);                                                                      \
  static const bool added_##name = (::causeway::fuzz::targets().push_back({#name, run_##name}), true);                 \
  static void run_##name(std::string_view input)
#endif
