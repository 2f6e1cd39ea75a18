#pragma once
#include "plugin/inspector/services.hpp"
#include "plugin/node_standby_answers.hpp"

#include <functional>
#include <string>
#include <vector>

namespace causeway {

/// The web inspector of a node that stands by: health checks for whoever shares out connections, and the nodes, with
/// what can be done about this one. The page shows no more, as `/api/commands` lists no more.
class standby_page final : public inspector::services {
public:
  /// @param answers  outlives the server that asks
  /// @param are_ready  whether it takes what is to be passed on, also at each door (true: also at those that are not to
  /// be there by configuration), and for whom it waits; asked by any thread
  standby_page(standby_answers& answers, std::function<std::vector<inspector::health_check>(bool)> are_ready);

  void ask(inspector::question x, inspector::answer_function done) override;
  void metrics(inspector::answer_function done) override;
  std::vector<inspector::health_check> health() override;
  void checks(std::function<void(std::vector<inspector::health_check>)> done) override;
  void poll(const std::string& topic, std::function<void(inspector::late_rows)> done) override;
  std::string sample() override;
  std::int64_t now_ms() override;

private:
  standby_answers& answers_;
  std::vector<inspector::health_check> found(bool of_all_doors) const;

  const std::function<std::vector<inspector::health_check>(bool)> are_ready_;
};

} // namespace causeway
