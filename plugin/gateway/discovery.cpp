#include "plugin/gateway/discovery.hpp"

#include "messages/matrix/identifiers.hpp"

#include <algorithm>
#include <stdexcept>
#include <tuple>

namespace causeway::gateway {
namespace {

constexpr std::uint16_t federation_port = 8448;
constexpr std::string_view srv_prefix = "_matrix-fed._tcp.";
constexpr std::string_view deprecated_srv_prefix = "_matrix._tcp.";

/// splitmix64: enough to spread load, and the same on every machine.
std::uint64_t next_random(std::uint64_t& state) {
  state += 0x9e3779b97f4a7c15ULL;
  auto x = state;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

std::string without_brackets(std::string_view host) {
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  return std::string{host};
}

} // namespace

std::vector<srv_record> order_srv(std::vector<srv_record> records, std::uint64_t random) {
  // Records arrive in whatever order the resolver shuffled them into; a total order first makes the draw repeatable.
  std::sort(records.begin(), records.end(), [](const srv_record& a, const srv_record& b) {
    return std::tie(a.priority, a.weight, a.target, a.port) < std::tie(b.priority, b.weight, b.target, b.port);
  });
  for (auto first = records.begin(); first != records.end();) {
    const auto last =
      std::find_if(first, records.end(), [&](const srv_record& x) { return x.priority != first->priority; });
    for (; first != last; ++first) { // RFC 2782: draw one by running sum, records of weight 0 stand first
      std::uint64_t sum = 0;
      for (auto it = first; it != last; ++it) sum += it->weight;
      const auto drawn = next_random(random) % (sum + 1);
      std::uint64_t running = 0;
      auto chosen = first;
      for (auto it = first; it != last; ++it) {
        running += it->weight;
        chosen = it;
        if (running >= drawn) break;
      }
      std::rotate(first, chosen, chosen + 1);
    }
  }
  if (records.size() > srv_records_max) records.resize(srv_records_max);
  return records;
}

discovery::discovery(std::string server_name, std::uint64_t random) : name_(std::move(server_name)), random_(random) {}

discovery_step discovery::finish(hop to, std::string host_header, std::string tls_name) {
  phase_ = phase::done;
  return route{{std::move(to)}, std::move(host_header), std::move(tls_name)};
}

discovery_step discovery::ask_for_srv(std::string_view prefix) { return ask_srv{std::string{prefix} + name_}; }

discovery_step discovery::start() {
  const auto parts = matrix::split_server_name(name_);
  if (!parts) {
    phase_ = phase::done;
    return fault{fault_code::invalid_identifier, "not a server name"};
  }
  auto host = without_brackets(parts->host);
  if (parts->is_ip_literal) return finish({host, parts->port.value_or(federation_port), true}, name_, host); // step 1
  if (parts->port) return finish({host, *parts->port, false}, name_, host);                                  // step 2
  return ask_well_known{name_};                                                                              // step 3
}

discovery_step discovery::on_well_known(const std::optional<std::string>& delegated) {
  if (phase_ != phase::well_known) throw std::logic_error("discovery: no well-known was asked for");
  const auto parts = delegated ? matrix::split_server_name(*delegated) : std::nullopt;
  if (parts) {
    auto host = without_brackets(parts->host);
    if (parts->is_ip_literal)
      return finish({host, parts->port.value_or(federation_port), true}, *delegated, host); // 3.1
    if (parts->port) return finish({host, *parts->port, false}, *delegated, host);          // 3.2
    name_ = *delegated; // 3.3 to 3.5 are 4 to 6 with the delegated name
  }
  phase_ = phase::srv;
  return ask_for_srv(srv_prefix);
}

discovery_step discovery::on_srv(std::vector<srv_record> records) {
  if (phase_ != phase::srv && phase_ != phase::deprecated_srv)
    throw std::logic_error("discovery: no SRV was asked for");
  if (records.size() == 1 && records.front().target.empty()) { // RFC 2782: decidedly not available at this domain
    phase_ = phase::done;
    return fault{fault_code::peer_unreachable, "SRV record of " + name_ + " says that the service is not offered"};
  }
  std::erase_if(records, [](const srv_record& x) { return x.target.empty() || x.port == 0; });
  if (records.empty()) {
    if (phase_ == phase::srv) {
      phase_ = phase::deprecated_srv;
      return ask_for_srv(deprecated_srv_prefix);
    }
    if (!srv_failed_.empty()) {
      phase_ = phase::done;
      return fault{fault_code::peer_unresolvable, "SRV records of " + name_ + ": " + srv_failed_};
    }
    return finish({name_, federation_port, false}, name_, name_); // steps 3.5 and 6
  }
  phase_ = phase::done;
  route out{{}, name_, name_}; // the certificate is for the name before SRV
  for (auto& one : order_srv(std::move(records), random_)) out.hops.push_back({std::move(one.target), one.port, false});
  return out;
}

discovery_step discovery::on_srv_failed(std::string why) {
  srv_failed_ = why.empty() ? "the lookup failed" : std::move(why);
  return on_srv({});
}

} // namespace causeway::gateway
