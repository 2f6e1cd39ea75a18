#include "plugin/gateway/peer_directory.hpp"

#include <curl/curl.h>

#include <cstdlib>
#include <ctime>

namespace causeway::gateway {
namespace {

constexpr std::size_t cached_names_max = 20'000;
constexpr std::string_view well_known_path = "/.well-known/matrix/server";
constexpr long https_port = 443;

time_point now() { return std::chrono::steady_clock::now(); }

} // namespace

std::optional<url_parts> split_url(const std::string& text) {
  const std::unique_ptr<CURLU, void (*)(CURLU*)> url{curl_url(), curl_url_cleanup};
  if (!url || curl_url_set(url.get(), CURLUPART_URL, text.c_str(), CURLU_DISALLOW_USER) != CURLUE_OK)
    return std::nullopt;
  const auto part = [&](CURLUPart which, unsigned flags) {
    char* raw = nullptr;
    std::string out;
    if (curl_url_get(url.get(), which, &raw, flags) == CURLUE_OK && raw != nullptr) out = raw;
    curl_free(raw);
    return out;
  };
  if (part(CURLUPART_SCHEME, 0) != "https") return std::nullopt;
  url_parts out;
  out.host = part(CURLUPART_HOST, 0);
  if (out.host.size() > 2 && out.host.front() == '[') out.host = out.host.substr(1, out.host.size() - 2);
  const long port = std::strtol(part(CURLUPART_PORT, CURLU_DEFAULT_PORT).c_str(), nullptr, 10);
  if (out.host.empty() || port < 1 || port > 65'535) return std::nullopt;
  out.port = static_cast<std::uint16_t>(port);
  out.target = part(CURLUPART_PATH, 0);
  if (const auto query = part(CURLUPART_QUERY, 0); !query.empty()) out.target += '?' + query;
  for (const unsigned char c : out.target)
    if (c <= ' ' || c > '~') return std::nullopt;
  return out;
}

route url_parts::way() const {
  const bool numeric =
    host.find(':') != std::string::npos || host.find_first_not_of("0123456789.") == std::string::npos;
  auto shown = host.find(':') == std::string::npos ? host : '[' + host + ']';
  if (port != https_port) shown += ':' + std::to_string(port);
  return {{{host, port, numeric}}, std::move(shown), host};
}

namespace {

template <class Map>
auto take(Map& from, const std::string& name) {
  auto node = from.extract(name);
  return node.empty() ? typename Map::mapped_type{} : std::move(node.mapped());
}

} // namespace

struct peer_directory::fetch {
  std::string name; ///< the server name it is about
  url_parts url;
  int redirects = 0;
  time_point deadline;
};

peer_directory::peer_directory(resolver& names, http_pool& client, options settings)
    : names_(names), client_(client), options_(settings), well_known_(cached_names_max, settings.random),
      services_(cached_names_max), addresses_(cached_names_max) {}

void peer_directory::find(const std::string& server_name, route_found done) {
  const auto random =
    options_.random ^ std::hash<std::string>{}(server_name); // the same for a name, so connections are reused
  auto [it, first] = searches_.try_emplace(server_name, search{discovery{server_name, random}, {}});
  it->second.waiting.push_back(std::move(done));
  if (first) advance(std::string{server_name}, it->second.machine.start());
}

void peer_directory::advance(const std::string& server_name, discovery_step step) {
  for (;;) {
    if (auto* why = std::get_if<fault>(&step)) return conclude(server_name, std::move(*why));
    if (auto* way = std::get_if<route>(&step)) return conclude(server_name, std::move(*way));
    auto& machine = searches_.at(server_name).machine;
    if (const auto* ask = std::get_if<ask_well_known>(&step)) {
      const auto known = well_known_.find(ask->name, now());
      if (!known)
        return fetch_well_known(ask->name, [this, server_name](const std::optional<std::string>& delegated) {
          advance(server_name, searches_.at(server_name).machine.on_well_known(delegated));
        });
      if (known->refresh) fetch_well_known(ask->name, [](const auto&) {});
      step = machine.on_well_known(known->delegated);
    } else {
      const auto service = std::get<ask_srv>(step).service;
      const auto* known = services_.find(service, now());
      if (known == nullptr)
        return names_.find_services(service, [this, server_name, service](result<resolver::services> answer) {
          on_service_answer(server_name, service, std::move(answer));
        });
      step = machine.on_srv(*known);
    }
  }
}

void peer_directory::on_service_answer(const std::string& server_name, const std::string& service,
                                       result<resolver::services> answer) {
  auto& machine = searches_.at(server_name).machine;
  if (!answer) return advance(server_name, machine.on_srv_failed(answer.error().detail)); // not remembered
  auto records = answer->records;
  services_.put(service, std::move(answer->records), now() + answer->ttl, now());
  advance(server_name, machine.on_srv(std::move(records)));
}

void peer_directory::conclude(const std::string& server_name, const result<route>& end) {
  const auto node = searches_.extract(server_name); // who is told may ask again at once
  for (const auto& one : node.mapped().waiting) one(end);
}

void peer_directory::find_addresses(const hop& to, addresses_found done) {
  if (to.is_ip_literal) return done(std::vector<std::string>{});
  if (const auto* known = addresses_.find(to.host, now())) return done(*known);
  auto [it, first] = lookups_.try_emplace(to.host);
  it->second.push_back(std::move(done));
  if (!first) return;
  names_.find_addresses(to.host, [this, host = to.host](result<resolver::addresses> answer) {
    result<std::vector<std::string>> found{std::vector<std::string>{}};
    if (answer) {
      found = answer->numeric;
      addresses_.put(host, std::move(answer->numeric), now() + answer->ttl, now());
    } else {
      found = fault{answer.error().code, host + ": " + answer.error().detail};
    }
    for (const auto& one : take(lookups_, host)) one(found);
  });
}

void peer_directory::forget(const std::string& server_name, const route& way) {
  well_known_.doubt(server_name, now());
  for (const auto& one : way.hops) addresses_.erase(one.host);
  services_.erase("_matrix-fed._tcp." + way.tls_name);
  services_.erase("_matrix._tcp." + way.tls_name);
}

void peer_directory::fetch_well_known(const std::string& name, delegation_found done) {
  auto [it, first] = fetches_.try_emplace(name);
  it->second.push_back(std::move(done));
  if (!first) return;
  auto x = std::make_shared<fetch>();
  x->name = name;
  x->url = {name, options_.well_known_port, std::string{well_known_path}};
  x->deadline = now() + well_known_timeout;
  continue_fetch(std::move(x));
}

void peer_directory::continue_fetch(std::shared_ptr<fetch> x) {
  const auto way = x->url.way();
  const auto& to = way.hops.front();
  find_addresses(to, [this, x = std::move(x), way](const result<std::vector<std::string>>& addresses) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(x->deadline - now());
    if (!addresses || left.count() <= 0) return end_fetch(*x, std::nullopt);
    https_call call;
    call.method = "GET";
    call.target = x->url.target;
    call.to = way.hops.front();
    call.addresses = *addresses;
    call.tls_name = way.tls_name;
    call.host_header = way.host_header;
    call.timeout = left;
    call.response_bytes_max = well_known_bytes_max;
    client_.start(std::move(call), [this, x](const https_outcome& outcome) { on_fetched(x, outcome); });
  });
}

void peer_directory::on_fetched(std::shared_ptr<fetch> x, const https_outcome& outcome) {
  if (outcome.status >= 300 && outcome.status < 400) {
    auto next = x->redirects < well_known_redirects_max ? split_url(outcome.redirect_url) : std::nullopt;
    if (!next) return end_fetch(*x, std::nullopt);
    x->url = std::move(*next);
    ++x->redirects;
    return continue_fetch(std::move(x));
  }
  if (outcome.status != 200) return end_fetch(*x, std::nullopt);
  auto delegated = parse_well_known(outcome.body);
  if (!delegated) return end_fetch(*x, std::nullopt);
  well_known_.found(x->name, *delegated,
                    well_known_lifetime(outcome.cache_control, outcome.expires, std::time(nullptr)), now());
  end_fetch(*x, std::move(*delegated));
}

void peer_directory::end_fetch(const fetch& x, std::optional<std::string> delegated) {
  if (!delegated) {
    well_known_.failed(x.name, now());
    if (const auto older = well_known_.find(x.name, now())) delegated = older->delegated;
  }
  for (const auto& one : take(fetches_, x.name)) one(delegated);
}

} // namespace causeway::gateway
