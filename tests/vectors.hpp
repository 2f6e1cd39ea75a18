#pragma once
#include "messages/matrix/json.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

/// Test data from tests/vectors/, read with our own parser.
namespace causeway::test {

/// The fault of `x` as text for a message; empty when there is none. (Boost.Test evaluates messages of passed checks
/// too.)
template <class T>
std::string why(const result<T>& x) {
  return x ? std::string{} : to_string(x.error());
}

inline std::filesystem::path vector_path(std::string_view name) {
  return std::filesystem::path{CAUSEWAY_TEST_DATA} / "vectors" / name;
}

/// Text of the file at `path`; the test case ends when it cannot be read.
inline std::string load_text(const std::filesystem::path& path) {
  std::ifstream file{path, std::ios::binary};
  BOOST_REQUIRE_MESSAGE(file, "cannot read " << path);
  return {std::istreambuf_iterator<char>{file}, {}};
}

inline matrix::json::value load_json(const std::filesystem::path& path) {
  auto parsed = matrix::json::parse(load_text(path));
  BOOST_REQUIRE_MESSAGE(parsed, path << ": " << why(parsed));
  return *std::move(parsed);
}

/// The vector file of that name, e.g. "base64_spec.json".
inline matrix::json::value load_vectors(std::string_view name) { return load_json(vector_path(name)); }

/// All files in a folder below tests/vectors/, sorted by name.
inline std::vector<std::filesystem::path> vector_files(std::string_view folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator{vector_path(folder)}) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  BOOST_REQUIRE(!files.empty());
  return files;
}

// Members a vector is known to have: a missing one ends the test case.
inline const matrix::json::value& at(const matrix::json::value& x, std::string_view key) {
  const auto* found = x.find(key);
  BOOST_REQUIRE_MESSAGE(found, "no member " << key << " in " << matrix::json::canonical(x).substr(0, 200));
  return *found;
}
inline const std::string& string_at(const matrix::json::value& x, std::string_view key) {
  const auto* text = at(x, key).as_string();
  BOOST_REQUIRE_MESSAGE(text, key << " is not a string");
  return *text;
}
inline const matrix::json::array& array_at(const matrix::json::value& x, std::string_view key) {
  const auto* items = at(x, key).as_array();
  BOOST_REQUIRE_MESSAGE(items, key << " is not a list");
  return *items;
}
inline const matrix::json::object& object_at(const matrix::json::value& x, std::string_view key) {
  const auto* members = at(x, key).as_object();
  BOOST_REQUIRE_MESSAGE(members, key << " is not an object");
  return *members;
}

/// JSON written in a test.
inline matrix::json::value parse_json(std::string_view text) {
  auto parsed = matrix::json::parse(text);
  BOOST_REQUIRE_MESSAGE(parsed, why(parsed) << " in " << text);
  return *std::move(parsed);
}
inline matrix::json::object parse_object(std::string_view text) {
  auto x = parse_json(text);
  BOOST_REQUIRE(x.as_object());
  return std::move(*x.as_object());
}

} // namespace causeway::test
