#pragma once
#include <cstdint>
#include <span>
#include <string_view>

namespace causeway::inspector {

/// What is served.
enum class resource : std::uint8_t { page, verb, change, events, metrics, live, ready, health, login, logout };

/// Who is answered.
enum class access : std::uint8_t {
  anybody, ///< says nothing of the broker, or cannot be asked without it
  reader,  ///< whoever shows the token; anybody where there is none
  writer,  ///< whoever shows the token; nobody where there is none
};

struct route {
  std::string_view method;
  std::string_view path;
  bool is_prefix = false; ///< what follows `path` names the verb, or the file
  resource what = resource::page;
  access who = access::reader;
  std::string_view doc;
};

/// All of them. The first that fits counts.
std::span<const route> routes();

struct found_route {
  const route* at = nullptr;    ///< null: nothing is there
  bool is_other_method = false; ///< what is there takes another method
  std::string_view rest;        ///< of the path, behind a prefix
};
/// HEAD counts as GET.
found_route find_route(std::string_view method, std::string_view path);

} // namespace causeway::inspector
