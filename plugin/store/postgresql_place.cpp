#include "plugin/store/postgresql_place.hpp"

#include <libpq-fe.h>

#include <map>
#include <memory>
#include <string_view>

namespace causeway::store {

result<std::string> place_of(const std::string& url) {
  char* why = nullptr;
  const std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)> options{PQconninfoParse(url.c_str(), &why),
                                                                               &PQconninfoFree};
  if (!options || !(url.starts_with("postgresql://") || url.starts_with("postgres://"))) {
    // libpq's own words may hold the password.
    PQfreemem(why);
    return fault{fault_code::invalid_param,
                 "store.url is no connection URI of PostgreSQL, such as postgresql:///causeway?host=/run/postgresql"};
  }
  std::map<std::string_view, std::string_view> parts;
  for (const auto* one = options.get(); one->keyword; ++one)
    if (one->val) parts[one->keyword] = one->val;
  std::string place = "postgresql://";
  if (!parts["user"].empty()) place.append(parts["user"]).append("@");
  place.append(parts["host"]);
  if (!parts["port"].empty()) place.append(":").append(parts["port"]);
  return place.append("/").append(parts["dbname"]);
}

} // namespace causeway::store
