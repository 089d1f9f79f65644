from . import class_inputs as class_inputs
from . import model_files as model_files
from .custom_node_scanner import CustomNodeScanner as CustomNodeScanner
from .git_change_parser import GitChangeParser as GitChangeParser
from .model_scanner import ModelScanner as ModelScanner
from .node_classifier import NodeClassifier as NodeClassifier
from .node_git_analyzer import NodeGitAnalyzer as NodeGitAnalyzer
from .status_scanner import StatusScanner as StatusScanner
