"""The words an invented company is made of: departments, skills, sites, names. Data only."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Site:
    """An office: where it is, the language spoken around it, whose names are common there, how many work there."""

    location: str
    time_zone: str
    language: str
    cultures: tuple[str, ...]
    weight: float


@dataclass(frozen=True, slots=True)
class Department:
    """`roles` are what people below management are called; `families` the skills of its trade, the main one first."""

    name: str
    roles: tuple[str, ...]
    families: tuple[str, str, str]


SITES: Final = (
    Site("Berlin, Germany", "Europe/Berlin", "German", ("german", "turkish", "polish", "arab"), 18),
    Site("London, United Kingdom", "Europe/London", "English", ("english", "indian", "nigerian"), 15),
    Site("New York, United States", "America/New_York", "English", ("english", "spanish", "chinese"), 13),
    Site("Bengaluru, India", "Asia/Kolkata", "Hindi", ("indian",), 12),
    Site("Paris, France", "Europe/Paris", "French", ("french", "arab"), 8),
    Site("Warsaw, Poland", "Europe/Warsaw", "Polish", ("polish",), 7),
    Site("Toronto, Canada", "America/Toronto", "French", ("english", "french", "chinese", "indian"), 6),
    Site("San Francisco, United States", "America/Los_Angeles", "English", ("english", "chinese", "spanish"), 5),
    Site("Madrid, Spain", "Europe/Madrid", "Spanish", ("spanish",), 5),
    Site("Singapore, Singapore", "Asia/Singapore", "Chinese", ("chinese", "indian", "english"), 4),
    Site("São Paulo, Brazil", "America/Sao_Paulo", "Portuguese", ("portuguese",), 4),
    Site("Sydney, Australia", "Australia/Sydney", "English", ("english", "chinese"), 4),
    Site("Tokyo, Japan", "Asia/Tokyo", "Japanese", ("japanese",), 3),
    Site("Lagos, Nigeria", "Africa/Lagos", "English", ("nigerian",), 3),
    Site("Adelaide, Australia", "Australia/Adelaide", "English", ("english",), 1),
)

OTHER_LANGUAGES: Final = ("Spanish", "French", "German", "Arabic", "Chinese", "Russian", "Turkish", "Italian", "Dutch")

SKILLS: Final[dict[str, tuple[str, ...]]] = {
    "communication": (
        "Public speaking", "Writing for busy readers", "Storytelling", "Facilitating workshops", "Active listening",
        "Presentation design", "Explaining technology plainly",
    ),
    "leadership": (
        "Giving feedback", "Coaching", "Leading without authority", "Delegation", "Hiring interviews",
        "Conflict resolution", "Leading remote teams", "Running one-to-ones",
    ),
    "data": (
        "SQL", "Data visualisation", "Statistics", "Spreadsheet modelling", "Dashboards", "Experiment design",
        "Data storytelling", "Forecasting",
    ),
    "software": (
        "Python", "TypeScript", "Code review", "Software architecture", "Testing", "Java", "API design", "Go",
        "Refactoring",
    ),
    "project work": (
        "Project planning", "Agile coaching", "Risk management", "Stakeholder management", "Estimation",
        "Kanban", "Programme management",
    ),
    "cloud and operations": (
        "Kubernetes", "Observability", "Incident response", "Linux", "Terraform", "Cost control in the cloud",
        "Capacity planning",
    ),
    "machine learning": (
        "Machine learning", "Prompt writing", "Natural language processing", "Model evaluation", "Computer vision",
        "Recommender systems",
    ),
    "product": (
        "Product discovery", "Roadmapping", "User interviews", "Prioritisation", "Product analytics",
        "Writing requirements", "Go-to-market planning",
    ),
    "design": (
        "Interaction design", "Prototyping", "Design systems", "Accessibility", "Visual design", "Service design",
        "Usability testing",
    ),
    "sales": (
        "Negotiation", "Discovery calls", "Account planning", "Prospecting", "Closing", "Pricing conversations",
        "Sales forecasting",
    ),
    "marketing": (
        "Content strategy", "Search engine optimisation", "Brand positioning", "Email campaigns", "Market research",
        "Event marketing", "Copywriting",
    ),
    "customer care": (
        "Handling complaints", "Customer onboarding", "Knowledge base writing", "Renewals", "Customer health scoring",
        "Support tooling",
    ),
    "finance": (
        "Budgeting", "Financial modelling", "Management accounting", "Cash flow planning", "Cost analysis",
        "Internal audit", "IFRS reporting",
    ),
    "people and culture": (
        "Recruiting", "Employment law", "Compensation design", "Learning design", "Workforce planning",
        "Inclusive hiring", "Employee relations",
    ),
    "law and compliance": (
        "Contract drafting", "Data protection", "Intellectual property", "Compliance training", "Trade regulation",
        "Policy writing",
    ),
    "supply chain": (
        "Supplier management", "Inventory planning", "Logistics", "Demand planning", "Lean production",
        "Procurement negotiations", "Customs",
    ),
    "engineering": (
        "Mechanical design", "Electronics", "CAD", "Systems engineering", "Failure analysis", "Materials",
        "Technical drawing",
    ),
    "quality and safety": (
        "Root cause analysis", "Quality audits", "Occupational safety", "Six Sigma", "Process documentation",
        "Validation",
    ),
    "security": (
        "Threat modelling", "Secure coding", "Identity management", "Security awareness", "Penetration testing",
        "Vulnerability management",
    ),
    "personal effectiveness": (
        "Time management", "Networking at work", "Career planning", "Managing stress", "Learning to learn",
        "Decision making", "Remote working habits",
    ),
}  # fmt: skip
"""Skills by family. Families and the skills within them go from wanted by many to wanted by few."""

DEPARTMENTS: Final = (
    Department("Engineering", ("Software Engineer", "Backend Engineer", "Frontend Engineer", "Test Engineer"),
               ("software", "cloud and operations", "project work")),
    Department("Sales", ("Account Executive", "Sales Representative", "Solutions Consultant"),
               ("sales", "communication", "customer care")),
    Department("Operations", ("Operations Analyst", "Production Planner", "Process Specialist"),
               ("supply chain", "quality and safety", "project work")),
    Department("Customer Success", ("Customer Success Associate", "Support Specialist", "Onboarding Specialist"),
               ("customer care", "communication", "sales")),
    Department("Product", ("Product Analyst", "Product Owner", "Product Specialist"),
               ("product", "data", "communication")),
    Department("Marketing", ("Marketing Specialist", "Content Editor", "Campaign Analyst"),
               ("marketing", "communication", "design")),
    Department("Finance", ("Financial Analyst", "Accountant", "Controller"),
               ("finance", "data", "law and compliance")),
    Department("Research & Development", ("Mechanical Engineer", "Electronics Engineer", "Research Engineer"),
               ("engineering", "quality and safety", "data")),
    Department("Data & Analytics", ("Data Analyst", "Data Engineer", "Data Scientist"),
               ("data", "machine learning", "software")),
    Department("People", ("HR Specialist", "Recruiter", "Learning Designer"),
               ("people and culture", "leadership", "communication")),
    Department("IT", ("Systems Administrator", "Cloud Engineer", "Service Desk Analyst"),
               ("cloud and operations", "security", "customer care")),
    Department("Design", ("Product Designer", "Visual Designer", "Design Researcher"),
               ("design", "product", "communication")),
    Department("Procurement", ("Buyer", "Category Specialist", "Supplier Analyst"),
               ("supply chain", "finance", "law and compliance")),
    Department("Legal", ("Legal Counsel", "Compliance Specialist", "Contract Specialist"),
               ("law and compliance", "communication", "people and culture")),
)  # fmt: skip
"""From the largest to the smallest."""

GOALS: Final = (
    "Grow as a people manager", "Prepare for the next role", "Deepen technical expertise", "Build a wider network",
    "Improve presentation skills", "Change to another field", "Settle in well", "Find a better work-life balance",
    "Work across cultures", "Understand the business better",
)  # fmt: skip

GIVEN_NAMES: Final[dict[str, str]] = {
    "english": "Olivia Amelia Grace Chloe Hannah Ruth Megan Zoë Jack Oliver Henry Samuel Ethan Callum Aaron Toby",
    "german": "Anna Lena Katharina Jürgen Björn Sören Heike Ulrike Jonas Lukas Sabine Matthias Jörg Käthe Moritz Petra",
    "french": "Chloé Amélie Zélie Margaux Éloïse Hélène Théo Rémi François Gaëlle Noé Mathis Aurélie Benoît Lucie Hugo",
    "spanish": "Lucía Sofía Martín Álvaro José Inés Núria Pablo Andrés Carmen Iñigo Raúl Pilar Diego Belén Joaquín",
    "portuguese": "João Beatriz Inácio Conceição Luísa Thiago Letícia Antônio Marília Caio Débora Rafael Patrícia Otávio",
    "polish": "Łukasz Małgorzata Zofia Paweł Agnieszka Michał Jadwiga Wojciech Kasia Grażyna Tomasz Bożena Jakub Ewa",
    "turkish": "Ayşe Mehmet Çağla Emre Gülşen Ömer Zeynep Burak Işıl Kerem Elif Tuğba Barış Deniz",
    "arab": "Fatima Omar Layla Yusuf Amina Karim Nadia Hassan Salma Tarek Rania Ziad Huda Samir",
    "indian": "Priya Arjun Ananya Rohan Kavya Vikram Meera Sanjay Lakshmi Aditya Divya Karthik Nisha Rahul Sunita Imran",
    "chinese": "Wei Mei Jun Xiaoling Hao Ying Lei Fang Ming Li Jing Tao Yan Chen Hui Bo",
    "japanese": "Haruka Kenji Yui Takumi Aiko Daichi Sakura Ren Naoko Hiroshi Emi Sōta Mariko Yūki",
    "nigerian": "Adaeze Chinedu Ngozi Tunde Folake Emeka Amara Kelechi Yetunde Obinna Ifeoma Segun Zainab Musa",
}
FAMILY_NAMES: Final[dict[str, str]] = {
    "english": "Carter Bennett Hughes O'Neill Fletcher Marsh Whitfield Parker Ellis Brooks Harding Lowe Sinclair Moore-Hill",
    "german": "Müller Schäfer Weiß Köhler Vogt Brandt Krüger Lehmann Strauß Böhm Neumann Jäger Hartmann Zöllner",
    "french": "Lefèvre Dubois Moreau Béranger Girard Rousseau Chevallier Faure Mercier Gauthier Lemaître Perrin Noël",
    "spanish": "García Muñoz Ibáñez Ortega Peña Núñez Serrano Vázquez Molina Castaño Romero Echeverría Gil Domínguez",
    "portuguese": "Silva Gonçalves Araújo Magalhães Moraes Brandão Teixeira Falcão Ribeiro Guimarães Vidal Pimentel",
    "polish": "Kowalczyk Wiśniewska Dąbrowski Zieliński Wójcik Szymańska Górski Pawlak Król Łuczak Sikora Żak",
    "turkish": "Yılmaz Şahin Çelik Öztürk Aydın Koç Güneş Arslan Doğan Kılıç Bulut Erdem",
    "arab": "Haddad Mansour Nasser Khalil Farouk Aziz Rahman Sabbagh Habib Qasim Younes Darwish",
    "indian": "Sharma Iyer Patel Reddy Nair Banerjee Khan Gupta Deshpande Menon Chaudhary Bose Rao Fernandes",
    "chinese": "Wang Zhang Liu Huang Zhao Wu Zhou Xu Sun Lin Guo He Tan Ouyang",
    "japanese": "Tanaka Suzuki Kobayashi Yamamoto Nakamura Itō Katō Mori Fujiwara Ōno Shimizu Ueda",
    "nigerian": "Okafor Adeyemi Balogun Eze Nwosu Ibrahim Okonkwo Bello Afolabi Obi Lawal Uche",
}
