#include "plugin/inspector/routes.hpp"

#include <array>

namespace causeway::inspector {

std::span<const route> routes() {
  static constexpr std::array<route, 11> all = {{
    {"GET", "/livez", false, resource::live, access::anybody, "200 while the process does its work, else 503."},
    {"GET", "/readyz", false, resource::ready, access::anybody,
     "200 while what is given to the broker is kept, else 503; ?door=federation, ?door=chat: that door alone."},
    {"GET", "/healthz", false, resource::health, access::reader, "All checks; with ?verbose a line for each."},
    {"GET", "/metrics", false, resource::metrics, access::reader, "Prometheus' text format."},
    {"GET", "/events", false, resource::events, access::reader, "Server-sent events of ?topics=A,B."},
    {"GET", "/api/", true, resource::verb, access::reader, "A command that reads; its arguments are the query."},
    {"POST", "/api/", true, resource::change, access::writer, "Any command; its arguments are the JSON body."},
    {"POST", "/login", false, resource::login, access::anybody, "{\"token\": T}: gives a cookie in its place."},
    {"POST", "/logout", false, resource::logout, access::anybody, "Takes the cookie back."},
    {"GET", "/", false, resource::page, access::anybody, "The page."},
    {"GET", "/", true, resource::page, access::anybody, "Its files: the same for everybody."},
  }};
  return all;
}

found_route find_route(std::string_view method, std::string_view path) {
  if (method == "HEAD") method = "GET";
  found_route found;
  for (const auto& x : routes()) {
    if (!(x.is_prefix ? path.starts_with(x.path) : path == x.path)) continue;
    if (x.method != method) {
      found.is_other_method = true;
      continue;
    }
    // A file of the page is not what was meant by a path that is taken for something else.
    if (found.is_other_method && x.what == resource::page) break;
    return {&x, false, path.substr(x.path.size())};
  }
  return found;
}

} // namespace causeway::inspector
