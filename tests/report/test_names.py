from harness.report.names import cell_address, column_address


def test_a_column_is_addressed_by_system_version_and_dialect() -> None:
    assert column_address("openai-python", "3.52.0", "openai-chat") == "openai-python@3.52.0/openai-chat"


def test_a_gateways_column_names_the_dialect_that_it_reads() -> None:
    assert column_address("litellm-proxy", "1.2", "gemini", "openai-chat") == "litellm-proxy@1.2/gemini~openai-chat"


def test_what_could_end_an_address_is_encoded() -> None:
    assert column_address("a/b?c", "1 #2", "<x>") == "a%2Fb%3Fc@1%20%232/%3Cx%3E"


def test_a_cell_is_addressed_by_scenario_and_column() -> None:
    assert cell_address("canary/plain-text", "mine@1/gemini") == "cell.html?canary/plain-text/mine@1/gemini"
    assert cell_address('a&b="c"', "mine@1/gemini") == "cell.html?a%26b%3D%22c%22/mine@1/gemini"
